// The card's number goes from the browser to Stripe; the shop gets a token for it.
const form = document.getElementById("stripe-form");
const stripe = Stripe(form.dataset.key);
const card = stripe.elements().create("card");
card.mount("#stripe-card");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { token, error } = await stripe.createToken(card);
  const told = document.getElementById("stripe-error");
  if (error) {
    told.textContent = error.message;
    return;
  }
  form.elements.stripe_token.value = token.id;
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (answer.status === 201) {
    window.location = (await answer.json()).url;
  } else {
    told.textContent = "The payment was not made.";
  }
});
