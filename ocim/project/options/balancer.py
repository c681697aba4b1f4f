"""Settings of the balancer, and of the certificates of instances."""

from dataclasses import dataclass

from ocim.project.options.option import option


@dataclass(frozen=True)
class BalancerOptions:
    """Settings of the balancer, and of the certificates of instances."""

    balancer_bind: tuple[str, ...] = option(
        "OCIM_BALANCER_BIND",
        ("127.0.0.1",),
        "IP addresses that the balancer listens on, separated by commas.",
    )
    balancer_address: str = option(
        "OCIM_BALANCER_ADDRESS",
        "127.0.0.1",
        "IP address at which app servers and probes reach the balancer.",
    )
    balancer_url: str = option(
        "OCIM_BALANCER_URL",
        "",
        "URL at which a balancer on another machine takes its routes: `https://host:port`.",
        shown="none: the balancer is on this machine",
    )
    balancer_control: str = option(
        "OCIM_BALANCER_CONTROL",
        "127.0.0.1:8444",
        "`host:port` at which `ocim balancer run control` takes routes from other machines.",
    )
    balancer_authority: str = option(
        "OCIM_BALANCER_AUTHORITY",
        "",
        "PEM file with the authority that signs the certificates of managers and their balancer,"
        " and no others.",
        shown="none",
    )
    balancer_certificate: str = option(
        "OCIM_BALANCER_CERTIFICATE",
        "",
        "PEM file with this machine's certificate, as a manager or as the balancer.",
        shown="none",
    )
    balancer_key: str = option(
        "OCIM_BALANCER_KEY",
        "",
        "PEM file with the private key of OCIM_BALANCER_CERTIFICATE.",
        shown="none",
    )
    https_port: int = option("OCIM_HTTPS_PORT", 8443, "The balancer's port for https.")
    http_port: int = option(
        "OCIM_HTTP_PORT", 8080, "The balancer's port for http, which redirects to https."
    )
    acme_directory: str = option(
        "OCIM_ACME_DIRECTORY",
        "",
        "Directory URL of the ACME authority that signs the instances' certificates.",
        shown="none: the balancer's own authority",
    )
    acme_email: str = option(
        "OCIM_ACME_EMAIL", "", "E-mail address for warnings about certificates.", shown="none"
    )
    acme_roots: str = option(
        "OCIM_ACME_ROOTS",
        "",
        "PEM file with the authorities that verify the ACME server itself.",
        shown="the system's",
    )
