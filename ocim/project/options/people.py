"""Settings of mail, notices and sign-in."""

from dataclasses import dataclass

from ocim.core.mail import MailRelay
from ocim.core.secrets import Secret
from ocim.core.single_sign_on import RoleRule
from ocim.project.options.option import option


@dataclass(frozen=True)
class PeopleOptions:
    """Settings of mail, notices and sign-in."""

    notices: tuple[Secret, ...] = option(
        "OCIM_NOTICES",
        (),
        "Apprise URLs for notices about rollouts and dead app servers (`mailto://…`, `json://…`), "
        "separated by spaces.",
        shown="none",
    )
    smtp_url: MailRelay | None = option(
        "OCIM_SMTP_URL",
        None,
        "SMTP relay of all instances, and of links to set a password:"
        " `smtp+starttls://user:password@host:587`, or `smtp://host:25`"
        " without TLS.",
        shown="none: each app server sends its mail itself, and Ocim sends none",
    )
    mail_sender: str = option(
        "OCIM_MAIL_SENDER",
        "",
        "Sender of Ocim's own mail, such as links to set a password.",
        shown="`ocim@` and the host name of the pages",
    )
    require_second_factor: bool = option(
        "OCIM_REQUIRE_SECOND_FACTOR",
        False,
        "Lead people who sign in with a password, and have no second factor, to its set-up only.",
    )
    oidc_issuer: str = option(
        "OCIM_OIDC_ISSUER",
        "",
        "URL of the OpenID Connect provider at which people sign in, as the provider writes it.",
        shown="none: people sign in with passwords only",
    )
    oidc_client: str = option(
        "OCIM_OIDC_CLIENT", "", "Id of Ocim as a client of that provider.", shown="none"
    )
    oidc_secret: Secret = option(
        "OCIM_OIDC_SECRET", Secret(""), "Secret of Ocim as a client of that provider.", shown="none"
    )
    oidc_scopes: tuple[str, ...] = option(
        "OCIM_OIDC_SCOPES",
        ("openid", "profile", "email"),
        "Scopes to ask for, separated by commas; some providers give groups only for `groups`.",
    )
    oidc_claim: str = option(
        "OCIM_OIDC_CLAIM", "groups", "Claim whose values give people their roles."
    )
    oidc_roles: tuple[RoleRule, ...] = option(
        "OCIM_OIDC_ROLES",
        (),
        "Roles by value of that claim: `VALUE=ROLE` for the whole fleet, `VALUE=ROLE@ORGANIZATION`"
        " for the instances of an organization, separated by commas.",
        shown="none",
    )
