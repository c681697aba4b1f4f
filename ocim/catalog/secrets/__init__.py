"""Recognition and masking of secrets; imports core."""
