"""Patterns of secrets: keys of services, headers, addresses, options of programs."""

import re
from collections.abc import Iterable
from functools import cache

from ocim.core.secrets import MASK

# Pairs of hints and a pattern. A text can match only if it contains one of the hints in lower case.
# The group `secret` is masked; the text around it stays, and tells readers what it was.
_FORMS = [
    (hints, re.compile(form, re.IGNORECASE | re.VERBOSE | re.DOTALL))
    for hints, form in (
        # A private key, up to its end or to the end of the text.
        (
            ("private key",),
            r"-----BEGIN\ [A-Z0-9\ ]{0,30}PRIVATE\ KEY[A-Z\ ]{0,10}----- (?P<secret>.+?)"
            r" (?: (?=-----END) | \Z )",
        ),
        # User and password in a URL. (`git@` is not secret.)
        (("://",), r"(?<=://) (?!git@) (?P<secret>[^/@\s]{1,500}) (?=@)"),
        (
            ("key=", "sig", "auth=", "code=", "credential=", "security-token="),
            r"[?&;] (?: key | sig | signature | auth | code"
            r" | (?:x-amz|x-goog)-(?:signature | credential | security-token) )"
            r" = (?P<secret>[^&\s\"'<>]+)",
        ),
        # Secret addresses: whoever knows them may post there.
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
        # Passwords in options of programs.
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
        # Passwords in SQL statements.
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
        (("ocim_",), r"(?-i:\b (?P<secret> ocim_[\w-]{43} ))"),  # Ocim's own API
        (("key-",), r"\b (?P<secret> key-[0-9a-z]{32} ) \b"),
        (("eyj",), r"(?-i:\b(?P<secret>eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?))"),
    )
]
# A key has both letters and digits. Skip the slow patterns for texts without such a word.
_LIKE_A_KEY = re.compile(r"(?<![\w-]) (?=[\w-]*\d) [\w-]{16}", re.VERBOSE)
_REST = re.compile(r"[\w.+/=-]*")
# Those of detect-secrets that find little else; what only looks random would be every commit.
_DETECTORS = (
    "aws.AWSKeyDetector",
    "azure_storage_key.AzureStorageKeyDetector",
    "discord.DiscordBotTokenDetector",
    "github_token.GitHubTokenDetector",
    "gitlab_token.GitLabTokenDetector",
    "mailchimp.MailchimpDetector",
    "npm.NpmDetector",
    "openai.OpenAIDetector",
    "pypi_token.PypiTokenDetector",
    "sendgrid.SendGridDetector",
    "slack.SlackDetector",
    "square_oauth.SquareOAuthDetector",
    "stripe.StripeDetector",
    "telegram_token.TelegramBotTokenDetector",
    "twilio.TwilioKeyDetector",
)


def without_forms(text: str) -> str:
    """Return the text with everything masked that looks like a secret."""
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


def _mask(match: re.Match[str]) -> str:
    whole, start = match[0], match.start()
    return whole[: match.start("secret") - start] + MASK + whole[match.end("secret") - start :]


def _without_keys(form: re.Pattern[str], text: str) -> str:
    """Mask each match to the end of its word, since some patterns match a beginning only."""
    parts, end = [], 0
    for match in form.finditer(text):
        if match.start() < end:
            continue
        rest = _REST.match(text, match.end())
        parts += [text[end : match.start()], MASK]
        end = rest.end() if rest else match.end()
    return "".join([*parts, text[end:]]) if parts else text


@cache
def _known_services() -> tuple[re.Pattern[str], ...]:
    # Importing takes a sixth of a second, and many processes never need it.
    from importlib import import_module  # noqa: PLC0415

    patterns: list[re.Pattern[str]] = []
    for name in _DETECTORS:
        module, _, kind = name.partition(".")
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), kind)
        patterns += detector.denylist
    return tuple(patterns)
