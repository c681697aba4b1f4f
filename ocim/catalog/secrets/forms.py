"""What secrets look like, wherever they stand: keys of services, headers, addresses, options."""

import re
from collections.abc import Iterable
from functools import cache

from ocim.core.secrets import MASK

# By what must be in a text, in lower case, for the form to be in it. Each form masks what its group
# `secret` matches; what is around it tells a reader what it was.
_FORMS = [
    (hints, re.compile(form, re.IGNORECASE | re.VERBOSE | re.DOTALL))
    for hints, form in (
        # A private key, to its end or as much of it as is there.
        (
            ("private key",),
            r"-----BEGIN\ [A-Z0-9\ ]{0,30}PRIVATE\ KEY[A-Z\ ]{0,10}----- (?P<secret>.+?)"
            r" (?: (?=-----END) | \Z )",
        ),
        # Name and password in an address; `git@` is an account that everybody has.
        (("://",), r"(?<=://) (?!git@) (?P<secret>[^/@\s]{1,500}) (?=@)"),
        (
            ("key=", "sig", "auth=", "code=", "credential=", "security-token="),
            r"[?&;] (?: key | sig | signature | auth | code"
            r" | (?:x-amz|x-goog)-(?:signature | credential | security-token) )"
            r" = (?P<secret>[^&\s\"'<>]+)",
        ),
        # Addresses that are secrets: who knows them may post there.
        (
            ("hooks.", "webhook", "api.telegram", "ifttt"),
            r"(?:hooks\.slack\.com | discord(?:app)?\.com/api/webhooks | webhook\.office\.com"
            r" | api\.telegram\.org/bot | hooks\.zapier\.com | maker\.ifttt\.com)"
            r" (?P<secret>[^\s\"'<>?]+)",
        ),
        (
            ("://",),
            r"\b(?:slack | tgram | discord | msteams | workflows? | pover | pbul | gotifys?"
            r" | mmosts? | ntfys? | twilio | mailgun | sendgrid | gchat | matrixs? | rockets?"
            r" | signals? | opsgenie | pagerduty | mailtos? | jsons? | xmls? | forms?)"
            r"://(?P<secret>[^\s\"'<>]+)",
        ),
        # Headers.
        (
            ("authorization", "cookie"),
            r"\b(?:proxy-|set-)?(?:authorization\\*[\"']?\s*[:=] | cookie\\*[\"']?\s*:) \s*"
            r"\\*[\"']? (?P<secret>[^\s\"'\\][^\"'\\\r\n]*)",
        ),
        (
            ("bearer",),
            r"\bbearer\s+ (?P<secret>(?=\S{0,99}[\d_.=-])[\w.~+/=-]{6,} | [\w.~+/=-]{16,})",
        ),
        (("basic",), r"\bbasic\s+ (?P<secret>(?-i:(?=\S{0,99}[A-Z0-9=])[A-Za-z0-9+/]{8,}=*))"),
        # Options of programs that are given passwords.
        (
            ("mysql", "mariadb"),
            r"\b(?:mysql\w* | mariadb[\w-]*)\b [^|;\n]{0,300}? \s-p (?P<secret>"
            r" '[^']*' | \"[^\"]*\" | [^\s'\"-]\S* )",
        ),
        (("sshpass",), r"\bsshpass\s+-p\s* (?P<secret>'[^']*' | \"[^\"]*\" | \S+)"),
        (("redis-cli",), r"\bredis-cli\b [^|;\n]{0,300}? \s-a\s+ (?P<secret>\S+)"),
        (
            ("curl",),
            r"\bcurl\b [^|;\n]{0,300}? \s(?:-u|--user)[\s=]* [^\s:]{1,99}: (?P<secret>\S+)",
        ),
        # Statements.
        (
            ("identified",),
            r"\bidentified\s+(?:with\s+\S+\s+)?(?:by|as)\s+(?:password\s+)? (?P<secret>"
            r" '(?:[^'\\]|\\.)*' | \"(?:[^\"\\]|\\.)*\" | \S+ )",
        ),
        (
            ("password",),
            r"\bpassword\s*\(?\s* (?P<secret>'(?:[^'\\]|\\.|'')*' | \"(?:[^\"\\]|\\.)*\")",
        ),
        # Keys of services.
        (("key-",), r"\b (?P<secret> key-[0-9a-z]{32} ) \b"),
        (("eyj",), r"(?-i:\b(?P<secret>eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?))"),
    )
]
# A key has letters and digits; words, paths and rulers are no reason to look closer.
_LIKE_A_KEY = re.compile(r"(?<![\w-]) (?=[\w-]*\d) [\w-]{16}", re.VERBOSE)
_REST = re.compile(r"[\w.+/=-]*")
# Those of detect-secrets that find little else; what only looks random would be every commit.
_DETECTORS = (
    "aws.AWSKeyDetector", "azure_storage_key.AzureStorageKeyDetector",
    "discord.DiscordBotTokenDetector", "github_token.GitHubTokenDetector",
    "gitlab_token.GitLabTokenDetector", "mailchimp.MailchimpDetector", "npm.NpmDetector",
    "openai.OpenAIDetector", "pypi_token.PypiTokenDetector", "sendgrid.SendGridDetector",
    "slack.SlackDetector", "square_oauth.SquareOAuthDetector", "stripe.StripeDetector",
    "telegram_token.TelegramBotTokenDetector", "twilio.TwilioKeyDetector",
)  # fmt: skip


def without_forms(text: str) -> str:
    """Return the text without what has the form of a secret."""
    lower = text.lower()
    for hints, form in _FORMS:
        if has_any(lower, hints):
            text = form.sub(_mask, text)
    if _LIKE_A_KEY.search(text):
        for form in _known_services():
            text = _without_keys(form, text)
    return text


def has_any(text: str, parts: Iterable[str]) -> bool:
    """Return whether any of the parts is in the text."""
    return any(part in text for part in parts)


def _mask(found: re.Match[str]) -> str:
    whole, start = found[0], found.start()
    return whole[: found.start("secret") - start] + MASK + whole[found.end("secret") - start :]


def _without_keys(form: re.Pattern[str], text: str) -> str:
    """Mask what the form finds, and what goes on behind it: some find a beginning only."""
    parts, end = [], 0
    for found in form.finditer(text):
        if found.start() < end:
            continue
        rest = _REST.match(text, found.end())
        parts += [text[end : found.start()], MASK]
        end = rest.end() if rest else found.end()
    return "".join([*parts, text[end:]]) if parts else text


@cache
def _known_services() -> tuple[re.Pattern[str], ...]:
    # It takes a sixth of a second to load, and many processes never need it.
    from importlib import import_module  # noqa: PLC0415

    found: list[re.Pattern[str]] = []
    for name in _DETECTORS:
        module, _, kind = name.partition(".")
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), kind)
        found += detector.denylist
    return tuple(found)
