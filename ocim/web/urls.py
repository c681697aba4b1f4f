"""The pages' addresses."""

from django.contrib.auth.views import LogoutView
from django.urls import path, re_path

from ocim.presentation.ids import ID
from ocim.presentation.servers import KINDS
from ocim.web import (
    account,
    actions,
    appservers,
    audit,
    bulk,
    clones,
    configuration,
    create,
    edit,
    events,
    fleet,
    instances,
    lifecycle,
    people,
    rollout_actions,
    rollout_form,
    rollouts,
    saved_filters,
    servers,
    services,
)
from ocim.web.sign_in import ChangePassword, SetPassword, SignIn

SERVER = "|".join(KINDS)
"""Kinds of shared servers in addresses."""
urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("password/", ChangePassword.as_view(), name="password"),
    path("password/set/<str:uidb64>/<str:token>/", SetPassword.as_view(), name="set-password"),
    path("account/", account.account, name="account"),
    path("account/tokens/", account.create_token, name="create-token"),
    path("account/tokens/<id:token_id>/revoke/", account.revoke_token, name="revoke-token"),
    path("account/sessions/end/", account.end_sessions, name="end-sessions"),
    path("people/", people.people, name="people"),
    path("people/new/", people.create, name="create-person"),
    path("people/<id:user_id>/", people.person, name="person"),
    re_path(
        rf"^people/(?P<user_id>{ID})/(?P<kind>grant|revoke|link|sign-out|disable|enable)/$",
        people.act,
        name="person-act",
    ),
    path("", fleet.index, name="instances"),
    path("bulk/", bulk.change, name="bulk"),
    path("filters/save/", saved_filters.save, name="save-filter"),
    path("filters/<id:filter_id>/forget/", saved_filters.forget, name="forget-filter"),
    path("instances/new/", create.create, name="create-instance"),
    path("instances/new/addresses/", create.derived, name="derived-addresses"),
    path("instances/<id:instance_id>/", instances.instance, name="instance"),
    path("instances/<id:instance_id>/progress/", instances.progress, name="instance-progress"),
    path("instances/<id:instance_id>/events/", events.instance, name="instance-events"),
    path("instances/<id:instance_id>/spawn/", actions.spawn, name="spawn"),
    path("instances/<id:instance_id>/edit/", edit.edit, name="edit-instance"),
    path(
        "instances/<id:instance_id>/configuration/",
        configuration.configuration,
        name="configuration",
    ),
    path("instances/<id:instance_id>/clone/", clones.clone, name="clone-instance"),
    path(
        "instances/<id:instance_id>/maintenance/",
        lifecycle.begin_maintenance,
        name="begin-maintenance",
    ),
    path("instances/<id:instance_id>/hold/", lifecycle.hold, name="hold-instance"),
    re_path(
        rf"^instances/(?P<instance_id>{ID})/(?P<kind>{'|'.join(lifecycle.STEPS)})/$",
        lifecycle.take,
        name="take-step",
    ),
    path("instances/<id:instance_id>/services/", services.services, name="services"),
    path(
        "instances/<id:instance_id>/services/switch/",
        services.switch_services,
        name="switch-services",
    ),
    path("instances/<id:instance_id>/services/look/", services.look, name="look-at-services"),
    path("instances/<id:instance_id>/services/set-up/", services.set_up, name="set-up-services"),
    path("appservers/<id:appserver_id>/", appservers.appserver, name="appserver"),
    path("appservers/<id:appserver_id>/progress/", appservers.progress, name="appserver-progress"),
    path("appservers/<id:appserver_id>/events/", events.appserver, name="appserver-events"),
    path("appservers/<id:appserver_id>/log.txt", appservers.log_text, name="appserver-log"),
    path(
        "appservers/<id:appserver_id>/preview-password/",
        appservers.preview_password,
        name="preview-password",
    ),
    re_path(
        rf"^appservers/(?P<appserver_id>{ID})/(?P<kind>activate|deactivate|terminate)/$",
        actions.act,
        name="act",
    ),
    path("servers/", servers.every, name="servers"),
    path("servers/balancers/sync/", servers.sync_balancers, name="sync-balancers"),
    re_path(rf"^servers/add/(?P<kind>{SERVER})/$", servers.add, name="add-server"),
    re_path(rf"^servers/(?P<kind>{SERVER})/(?P<name>[a-z0-9-]+)/$", servers.server, name="server"),
    re_path(
        rf"^servers/(?P<kind>{SERVER})/(?P<name>[a-z0-9-]+)/(?P<step>examine|cancel|remove)/$",
        servers.act,
        name="server-act",
    ),
    path("audit/", audit.log, name="audit"),
    path("audit.csv", audit.download, name="audit-download"),
    path("rollouts/", rollouts.every, name="rollouts"),
    path("rollouts/new/", rollout_form.plan, name="plan-rollout"),
    path("rollouts/<id:rollout_id>/", rollouts.rollout, name="rollout"),
    path("rollouts/<id:rollout_id>/progress/", rollouts.progress, name="rollout-progress"),
    path("rollouts/<id:rollout_id>/events/", events.rollout, name="rollout-events"),
    path("rollouts/<id:rollout_id>/report.<str:form>", rollouts.download, name="rollout-report"),
    re_path(
        rf"^rollouts/(?P<rollout_id>{ID})/(?P<kind>pause|resume|abort|retry|undo)/$",
        rollout_actions.act,
        name="rollout-act",
    ),
]
