"""Checks of what Ocim manages: balancer, hosts, jobs, app servers, databases, instances."""

from ocim.operations.doctor.balancers import check_routes
from ocim.operations.doctor.borders import (
    check_borders,
    check_isolation,
    check_limits,
    check_other_provisioners,
)
from ocim.operations.doctor.brokers import check_brokers
from ocim.operations.doctor.content import check_content_servers
from ocim.operations.doctor.databases import check_database_servers, check_databases
from ocim.operations.doctor.hosts import check_hosts
from ocim.operations.doctor.jobs import check_appservers, check_jobs
from ocim.operations.doctor.machines import check_machines
from ocim.operations.doctor.mail import check_mail
from ocim.operations.doctor.servers import check_search_servers, check_secrets
from ocim.operations.doctor.sites import check_answers
from ocim.operations.doctor.uploads import check_uploads
from ocim.operations.findings import Check

CHECKS = (
    Check("secrets", "The master key decrypts the database's secrets.", check_secrets, "database"),
    Check(
        "sandbox",
        "Playbooks run in a sandbox without access to the manager's secrets.",
        check_isolation,
    ),
    Check("provisioners", "Ansible is the only one.", check_other_provisioners),
    Check("machines", "No workers.", check_machines, "secrets"),
    Check("borders", "No instance uses hosts yet.", check_borders, "secrets"),
    Check("limits", "Playbooks cannot use up this machine.", check_limits),
    Check("balancer", "Its routes match the database.", check_routes, "database"),
    Check(
        "hosts",
        "Every app server has its host, and every host its app server.",
        check_hosts,
        "secrets",
    ),
    Check("jobs", "No job is forgotten.", check_jobs, "secrets"),
    Check(
        "app servers",
        "No app server is stuck, and every active one is healthy.",
        check_appservers,
        "secrets",
    ),
    Check(
        "instance databases",
        "Every active instance has its databases.",
        check_databases,
        "secrets",
    ),
    Check(
        "database servers",
        "Every database server answers and accepts Ocim's password.",
        check_database_servers,
        "secrets",
    ),
    Check(
        "search servers",
        "Every search server answers and accepts Ocim's password.",
        check_search_servers,
        "secrets",
    ),
    Check(
        "brokers",
        "Every broker answers, and has the accounts of its instances and no others.",
        check_brokers,
        "secrets",
    ),
    Check(
        "content servers",
        "Every one answers, and has the accounts of its instances and no others.",
        check_content_servers,
        "secrets",
    ),
    Check(
        "mail", "The SMTP relay, if any, accepts every instance's address.", check_mail, "secrets"
    ),
    Check(
        "uploads",
        "Every app server whose uploads are in object storage can write there.",
        check_uploads,
        "secrets",
    ),
    Check("instances", "Every active instance answers.", check_answers, "secrets"),
)
