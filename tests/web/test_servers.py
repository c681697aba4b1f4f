"""Pages of the servers that instances share."""

from typing import Any

import pytest
from django.test import Client

from ocim.core.secrets import Secret
from ocim.operations import search_servers
from ocim.store.models import BrokerServer, Job, MeilisearchServer, MongodbServer, SearchServer
from ocim.store.specs import search_host
from tests.web.fleet import make_instance
from tests.world import World

URL = "http://search.example.com:9200"


def html(client: Client, address: str, **fields: str) -> str:
    """Return a page, or the page that a form leads to."""
    answer = client.post(address, fields, follow=True) if fields else client.get(address)
    return answer.content.decode()


@pytest.fixture
def main(world: World) -> SearchServer:
    return search_servers.register(
        name="main", url=URL, user="elastic", password=Secret("word"), context=world.context()
    )


def test_all_kinds_are_listed_with_their_use(
    admin: Client, main: SearchServer, django_assert_max_num_queries: Any
) -> None:
    make_instance()
    with django_assert_max_num_queries(20):
        page = html(admin, "/servers/")
    assert "http://search.example.com:9200/" in page
    assert "7.17.0" in page
    assert "There is no broker server yet" in page
    assert '<td data-label="Instances" class="number">1</td>' in page


def test_a_running_server_is_registered_after_a_connection(admin: Client, world: World) -> None:
    fields = {"form": "register", "url": URL, "user": "elastic", "password": "word"}
    page = html(admin, "/servers/add/search/", name="main", **fields)
    assert "Registered main." in page
    assert SearchServer.objects.get().admin_password == "word"


def test_a_server_that_ocim_cannot_create_is_registered_alone(admin: Client, world: World) -> None:
    page = html(admin, "/servers/add/mongodb/")
    assert "Ocim creates no MongoDB server" in page
    assert 'value="create"' not in page
    fields = {"form": "register", "name": "main", "url": "mongodb://10.0.0.9", "user": "ocim"}
    page = html(admin, "/servers/add/mongodb/", **fields, password="word", tls="on")
    assert "Registered main." in page
    assert MongodbServer.objects.get().tls


def test_meilisearch_has_a_master_key_and_no_user(admin: Client, world: World) -> None:
    page = html(admin, "/servers/add/meilisearch/")
    assert "Master key" in page
    assert 'name="user"' not in page
    fields = {"form": "register", "name": "main", "url": "https://meili.example.com"}
    assert "Registered main." in html(admin, "/servers/add/meilisearch/", **fields, password="key")
    server = MeilisearchServer.objects.get()
    assert (server.admin_user, server.admin_password) == ("", "key")


def test_all_faults_are_told_and_the_password_is_not_repeated(admin: Client, world: World) -> None:
    fields = {"form": "register", "user": "elastic", "password": "unspoken"}
    page = html(admin, "/servers/add/search/", name="No name", url="ftp://x", **fields)
    assert "Nothing is saved: 2 faults." in page
    assert 'value="ftp://x"' in page
    assert "unspoken" not in page
    assert not SearchServer.objects.exists()


def test_a_port_that_is_none_is_a_fault(admin: Client, world: World) -> None:
    fields = {"form": "register", "user": "ocim", "password": "word", "port": "many"}
    page = html(admin, "/servers/add/broker/", name="main", url="http://mq.example.com", **fields)
    assert "&#x27;many&#x27; is no port" in page
    assert not BrokerServer.objects.exists()


def test_a_kind_that_is_none_is_a_fault(admin: Client, world: World) -> None:
    fields = {"form": "create", "name": "main", "provider": "memory", "kind": "carrier pigeon"}
    page = html(admin, "/servers/add/broker/", **fields)
    assert "&#x27;carrier pigeon&#x27; is none. Choose rabbitmq or redis." in page


def test_the_balancers_fault_is_in_their_section(admin: Client, world: World) -> None:
    world.balancer.running = False
    section = html(admin, "/servers/").partition('id="balancers"')[2]
    assert 'class="message error"' in section


def test_a_creation_is_a_job_whose_log_the_page_shows(admin: Client, world: World) -> None:
    fields = {"form": "create", "provider": "local", "flavor": ""}
    page = html(admin, "/servers/add/search/", name="main", **fields)
    assert "Waiting: creating the server" in page
    assert 'hx-trigger="every 3s"' in page
    world.work(SearchServer.objects.get(), queue=Job.objects.get().queue)
    page = html(admin, "/servers/search/main/")
    assert "Ready." in page
    assert "every 3s" not in page


def test_a_creation_can_be_stopped(admin: Client, world: World) -> None:
    html(admin, "/servers/add/search/", name="main", form="create", provider="local")
    page = html(admin, "/servers/search/main/cancel/", sure="yes")
    assert "the creation stops within seconds" in page
    assert Job.objects.get().cancel_requested


def test_an_examination_asks_the_server(admin: Client, world: World, main: SearchServer) -> None:
    assert "As it answers now" not in html(admin, "/servers/search/main/")
    world.search.away.add(search_host(main).url)
    page = html(admin, "/servers/search/main/examine/", now="yes")
    assert "does not answer" in page


def test_a_removal_is_confirmed_first(admin: Client, main: SearchServer) -> None:
    assert "Ocim forgets it" in html(admin, "/servers/search/main/remove/")
    assert SearchServer.objects.exists()
    assert "Removed main." in html(admin, "/servers/search/main/remove/", confirmed="yes")
    assert not SearchServer.objects.exists()


def test_a_server_in_use_is_not_removed(admin: Client, world: World) -> None:
    make_instance()
    page = html(admin, "/servers/database/databases/remove/", confirmed="yes")
    assert "in use by 1 instance" in page


def test_the_balancers_are_told_to_follow(admin: Client, world: World) -> None:
    assert "Requested: the balancers" in html(admin, "/servers/balancers/sync/", now="yes")
