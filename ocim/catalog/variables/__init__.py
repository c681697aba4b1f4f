"""Variables of app servers, generated from instances; imports core and catalog."""
