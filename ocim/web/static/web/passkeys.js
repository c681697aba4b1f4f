// Forms with data-passkey ask the browser for a passkey, and send its answer.
"use strict";

async function answer(form) {
  const response = await fetch(form.dataset.passkey, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
  });
  const options = await response.json();
  if (!response.ok) throw new Error(options.error);
  const credential =
    form.dataset.kind === "new"
      ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey),
        })
      : await navigator.credentials.get({
          publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey),
        });
  return JSON.stringify(credential.toJSON());
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      form.elements.answer.value = await answer(form);
      form.submit();
    } catch (error) {
      form.querySelector("[data-fault]").textContent = `No passkey was used: ${error.message}`;
    }
  });
}
