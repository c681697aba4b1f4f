"""The pages' addresses."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, re_path

from ocim.web import actions, appservers, events, instances, rollout_actions, rollouts

urlpatterns = [
    path(
        "sign-in/",
        LoginView.as_view(template_name="web/sign_in.html", redirect_authenticated_user=True),
        name="sign-in",
    ),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("", instances.fleet, name="instances"),
    path("instances/<int:instance_id>/", instances.instance, name="instance"),
    path("instances/<int:instance_id>/progress/", instances.progress, name="instance-progress"),
    path("instances/<int:instance_id>/events/", events.instance, name="instance-events"),
    path("instances/<int:instance_id>/spawn/", actions.spawn, name="spawn"),
    path("appservers/<int:appserver_id>/", appservers.appserver, name="appserver"),
    path("appservers/<int:appserver_id>/progress/", appservers.progress, name="appserver-progress"),
    path("appservers/<int:appserver_id>/events/", events.appserver, name="appserver-events"),
    path("appservers/<int:appserver_id>/log.txt", appservers.log_text, name="appserver-log"),
    path(
        "appservers/<int:appserver_id>/preview-password/",
        appservers.preview_password,
        name="preview-password",
    ),
    re_path(
        r"^appservers/(?P<appserver_id>\d+)/(?P<kind>activate|deactivate|terminate)/$",
        actions.act,
        name="act",
    ),
    path("rollouts/", rollouts.every, name="rollouts"),
    path("rollouts/<int:rollout_id>/", rollouts.rollout, name="rollout"),
    path("rollouts/<int:rollout_id>/progress/", rollouts.progress, name="rollout-progress"),
    path("rollouts/<int:rollout_id>/events/", events.rollout, name="rollout-events"),
    path("rollouts/<int:rollout_id>/report.<str:form>", rollouts.download, name="rollout-report"),
    re_path(
        r"^rollouts/(?P<rollout_id>\d+)/(?P<kind>pause|resume|abort|retry|undo)/$",
        rollout_actions.act,
        name="rollout-act",
    ),
]
