"""The API's addresses."""

from django.urls import path, re_path

import ocim.presentation.ids  # noqa: F401 - registers the converter
from ocim.api import appservers, description, instances, jobs

app_name = "api"
urlpatterns = [
    path("", description.Page.as_view(), name="page"),
    path("schema", description.Schema.as_view(), name="schema"),
    path("instances", instances.Instances.as_view(), name="instances"),
    path("instances/<id:instance_id>", instances.Instance.as_view(), name="instance"),
    path("instances/<id:instance_id>/archive", instances.Archive.as_view(), name="archive"),
    path("instances/<id:instance_id>/unarchive", instances.Unarchive.as_view(), name="unarchive"),
    path("instances/<id:instance_id>/hold", instances.Hold.as_view(), name="hold"),
    path(
        "instances/<id:instance_id>/appservers",
        appservers.AppServersOfInstance.as_view(),
        name="appservers-of-instance",
    ),
    path("appservers", appservers.AppServers.as_view(), name="appservers"),
    path("appservers/<id:appserver_id>", appservers.AppServer.as_view(), name="appserver"),
    path("appservers/<id:appserver_id>/log", appservers.Log.as_view(), name="log"),
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
    path("jobs/<id:job_id>/log", jobs.JobLog.as_view(), name="job-log"),
    re_path("", description.Unknown.as_view(), name="unknown"),
]
