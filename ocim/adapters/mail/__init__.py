"""The implementation of the port MailRelays."""
