"""The API's addresses."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

import ocim.presentation.ids  # noqa: F401 - registers the converter
from ocim.api import (
    appservers,
    audit,
    chores,
    configuration,
    copies,
    description,
    events,
    instances,
    jobs,
    lifecycle,
    people,
    resources,
    rollouts,
    servers,
    services,
    shared_settings,
    sign_in,
    superusers,
)


class ServerConverter(StringConverter):
    regex = "database|search|broker|mongodb|meilisearch"


class ContentConverter(StringConverter):
    regex = "mongodb|meilisearch"


register_converter(ServerConverter, "server")
register_converter(ContentConverter, "content")
app_name = "api"
urlpatterns = [
    path("", description.Page.as_view(), name="page"),
    path("schema", description.Schema.as_view(), name="schema"),
    path("instances", instances.Instances.as_view(), name="instances"),
    path("instances/<id:instance_id>", instances.Instance.as_view(), name="instance"),
    path("instances/<id:instance_id>/archive", lifecycle.Archive.as_view(), name="archive"),
    path("instances/<id:instance_id>/unarchive", lifecycle.Unarchive.as_view(), name="unarchive"),
    path(
        "instances/<id:instance_id>/maintenance",
        lifecycle.Maintenance.as_view(),
        name="maintenance",
    ),
    path("instances/<id:instance_id>/clones", copies.Clones.as_view(), name="clones"),
    path("instances/<id:instance_id>/backups", copies.Backups.as_view(), name="backups"),
    path("instances/<id:instance_id>/restore", copies.Restore.as_view(), name="restore"),
    path("instances/<id:instance_id>/hold", lifecycle.Hold.as_view(), name="hold"),
    path(
        "instances/<id:instance_id>/appservers",
        appservers.AppServersOfInstance.as_view(),
        name="appservers-of-instance",
    ),
    path("appservers", appservers.AppServers.as_view(), name="appservers"),
    path("appservers/<id:appserver_id>", appservers.AppServer.as_view(), name="appserver"),
    path("appservers/<id:appserver_id>/log", appservers.Log.as_view(), name="log"),
    path("appservers/<id:appserver_id>/log.txt", events.LogText.as_view(), name="log-text"),
    path("appservers/<id:appserver_id>/activate", appservers.Activate.as_view(), name="activate"),
    path(
        "appservers/<id:appserver_id>/deactivate",
        appservers.Deactivate.as_view(),
        name="deactivate",
    ),
    path(
        "appservers/<id:appserver_id>/terminate", appservers.Terminate.as_view(), name="terminate"
    ),
    path("appservers/<id:appserver_id>/cancel", appservers.Cancel.as_view(), name="cancel"),
    path("jobs", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<id:job_id>", jobs.Job.as_view(), name="job"),
    path("jobs/<id:job_id>/cancel", jobs.CancelJob.as_view(), name="cancel-job"),
    path("jobs/<id:job_id>/retry", jobs.RetryJob.as_view(), name="retry-job"),
    path("jobs/<id:job_id>/log", jobs.JobLog.as_view(), name="job-log"),
    path(
        "instances/<id:instance_id>/events", events.InstanceEvents.as_view(), name="instance-events"
    ),
    path(
        "instances/<id:instance_id>/configuration",
        configuration.Configuration.as_view(),
        name="configuration",
    ),
    path(
        "instances/<id:instance_id>/configuration/changes",
        configuration.ConfigurationChanges.as_view(),
        name="configuration-changes",
    ),
    path(
        "instances/<id:instance_id>/lint",
        configuration.InstanceLint.as_view(),
        name="instance-lint",
    ),
    path("instances/<id:instance_id>/services", services.Services.as_view(), name="services"),
    path(
        "instances/<id:instance_id>/services/status",
        services.ServicesStatus.as_view(),
        name="services-status",
    ),
    path(
        "instances/<id:instance_id>/superusers", superusers.Superusers.as_view(), name="superusers"
    ),
    path(
        "instances/<id:instance_id>/superusers/<str:username>",
        superusers.Superuser.as_view(),
        name="superuser",
    ),
    path("instances/<id:instance_id>/services/set-up", services.SetUp.as_view(), name="set-up"),
    path(
        "instances/<id:instance_id>/services/pending-commands",
        services.PendingCommands.as_view(),
        name="pending-commands",
    ),
    path("instances/<id:instance_id>/services/runbook", services.Runbook.as_view(), name="runbook"),
    path(
        "instances/<id:instance_id>/services/verifications",
        services.Verifications.as_view(),
        name="verifications",
    ),
    path(
        "appservers/<id:appserver_id>/configuration",
        configuration.AppServerConfiguration.as_view(),
        name="appserver-configuration",
    ),
    path(
        "appservers/<id:appserver_id>/events",
        events.AppServerEvents.as_view(),
        name="appserver-events",
    ),
    path("configuration/changes", configuration.Differences.as_view(), name="differences"),
    path("lint", configuration.Lint.as_view(), name="lint"),
    path("rollouts", rollouts.Rollouts.as_view(), name="rollouts"),
    path("rollouts/plan", rollouts.Plans.as_view(), name="plan"),
    path("rollouts/<id:rollout_id>", rollouts.Rollout.as_view(), name="rollout"),
    path(
        "rollouts/<id:rollout_id>/report", rollouts.RolloutReport.as_view(), name="rollout-report"
    ),
    path("rollouts/<id:rollout_id>/events", events.RolloutEvents.as_view(), name="rollout-events"),
    path("rollouts/<id:rollout_id>/pause", rollouts.Pause.as_view(), name="pause"),
    path("rollouts/<id:rollout_id>/resume", rollouts.Resume.as_view(), name="resume"),
    path("rollouts/<id:rollout_id>/approve", rollouts.Approve.as_view(), name="approve"),
    path("rollouts/<id:rollout_id>/abort", rollouts.Abort.as_view(), name="abort"),
    path("rollouts/<id:rollout_id>/retry", rollouts.Retry.as_view(), name="retry"),
    path("rollouts/<id:rollout_id>/undo", rollouts.Undo.as_view(), name="undo"),
    path("instances/<id:instance_id>/broker", servers.AssignBroker.as_view(), name="assign-broker"),
    path(
        "instances/<id:instance_id>/broker/rotate",
        servers.RotateBrokerAccount.as_view(),
        name="rotate-broker-account",
    ),
    path(
        "instances/<id:instance_id>/<content:software>",
        servers.AssignContentServer.as_view(),
        name="assign-content-server",
    ),
    path(
        "instances/<id:instance_id>/<content:software>/rotate",
        servers.RotateContentAccount.as_view(),
        name="rotate-content-account",
    ),
    path(
        "instances/<id:instance_id>/databases/rotate",
        servers.RotateDatabaseAccounts.as_view(),
        name="rotate-database-accounts",
    ),
    path("shared-settings", shared_settings.Settings.as_view(), name="shared-settings"),
    path("servers/<server:kind>", servers.Servers.as_view(), name="servers"),
    path(
        "servers/<server:kind>/register", servers.RegisterServer.as_view(), name="register-server"
    ),
    path("servers/<server:kind>/<str:name>", servers.SharedServer.as_view(), name="server"),
    path(
        "servers/<server:kind>/<str:name>/cancel",
        servers.CancelServer.as_view(),
        name="cancel-server",
    ),
    path("servers/<server:kind>/<str:name>/log", servers.ServerLog.as_view(), name="server-log"),
    path("hosts", resources.Hosts.as_view(), name="hosts"),
    path("hosts/start", chores.StartHosts.as_view(), name="start-hosts"),
    path("hosts/stop", chores.StopHosts.as_view(), name="stop-hosts"),
    path("hosts/pool", resources.Pool.as_view(), name="pool"),
    path("hosts/pool/<str:machine>/readmit", resources.ReadmitMachine.as_view(), name="readmit"),
    path("images", resources.Images.as_view(), name="images"),
    path("images/build", chores.BuildImage.as_view(), name="build-image"),
    path("images/prune", resources.PruneImages.as_view(), name="prune-images"),
    path("images/<str:provider>/<str:name>", resources.Image.as_view(), name="image"),
    path("balancers", resources.Balancers.as_view(), name="balancers"),
    path("doctor", resources.Doctor.as_view(), name="doctor"),
    path("doctor/examinations", chores.Examinations.as_view(), name="examinations"),
    path("notices/test", chores.TestNotice.as_view(), name="test-notice"),
    path("audit", audit.Audit.as_view(), name="audit"),
    path("users", people.People.as_view(), name="people"),
    path("users/<str:name>", people.Person.as_view(), name="person"),
    path("users/<str:name>/role", people.PersonRole.as_view(), name="person-role"),
    path("users/<str:name>/password", sign_in.PersonPassword.as_view(), name="person-password"),
    path(
        "users/<str:name>/second-factor",
        sign_in.PersonSecondFactor.as_view(),
        name="person-second-factor",
    ),
    path("users/<str:name>/identity", sign_in.PersonIdentity.as_view(), name="person-identity"),
    path("tokens", people.Tokens.as_view(), name="tokens"),
    path("tokens/<id:token_id>", people.Token.as_view(), name="token"),
    re_path("", description.Unknown.as_view(), name="unknown"),
]
