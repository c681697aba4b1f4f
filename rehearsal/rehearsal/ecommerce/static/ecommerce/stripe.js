// The card's number goes from the browser to Stripe; the shop gets a token for it.
const form = document.getElementById("stripe-form");
const stripe = Stripe(form.dataset.key);
const card = stripe.elements().create("card");
card.mount("#stripe-card");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { token, error } = await stripe.createToken(card);
  if (error) {
    document.getElementById("stripe-error").textContent = error.message;
  } else {
    form.elements.stripe_token.value = token.id;
    form.submit();
  }
});
