"use strict";

// The log: what is sent goes to its end, and the end is kept in sight unless somebody scrolled up.
const log = document.querySelector("#log[role=log]");

if (log) {
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  let follows = true;
  toEnd();
  log.addEventListener("htmx:sseBeforeMessage", () => {
    follows = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  });
  log.addEventListener("htmx:sseMessage", () => { if (follows) toEnd(); });
}

// Times are shown in the viewer's zone; the exact one is in the title, with that of UTC.
const zoned = (at, timeStyle) => at.toLocaleString("sv-SE", { dateStyle: "short", timeStyle });
document.addEventListener("htmx:load", (event) => {
  for (const time of event.detail.elt.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.textContent = time.matches(".at") ? zoned(at, "short") : zoned(at, "medium").slice(-8);
    time.title = `${zoned(at, "long")}; ${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  }
});

// Times are typed in the viewer's zone, too.
for (const name of document.querySelectorAll("input[name=zone] + span")) {
  name.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
  name.previousElementSibling.value = name.textContent;
}

// What somebody has opened stays open when its part of the page is brought up to date.
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  opened = [...event.target.querySelectorAll("details[id][open]")].map((one) => one.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
});

// The browser itself resumes after the last line that it got. Where it has given up (a proxy
// answered in place of Ocim), htmx connects anew, and the address must say where to go on.
htmx.createEventSource = (address) => {
  const url = new URL(address, window.location.href);
  const last = document.querySelector("#lines > :last-child");
  if (last) url.searchParams.set("after", last.id.replace("line-", ""));
  return new EventSource(url);
};
