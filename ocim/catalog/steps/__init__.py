"""Set-up steps of ecommerce and discovery; imports core and catalog."""
