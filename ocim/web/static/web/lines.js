"use strict";

// Line numbers grow with the text beside them, and a line that is edited is no longer marked.
for (const area of document.querySelectorAll(".code textarea")) {
  const gutter = area.parentElement.querySelector(".gutter");
  area.addEventListener("input", () => {
    const wanted = area.value.split("\n").length + 3;
    while (gutter.children.length < wanted) {
      const item = document.createElement("li");
      item.textContent = gutter.children.length + 1;
      gutter.append(item);
    }
    area.rows = gutter.children.length;
    const line = area.value.slice(0, area.selectionStart).split("\n").length;
    gutter.children[line - 1]?.classList.remove("faulty");
  });
}
