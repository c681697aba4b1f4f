from typing import Any


def update_module_store_settings(
    modulestore: dict[str, Any], *, doc_store_settings: dict[str, Any]
) -> None:
    """Set the account of MongoDB in all stores, as the real function does."""
    for store in modulestore["default"]["OPTIONS"]["stores"]:
        store["DOC_STORE_CONFIG"] = doc_store_settings
