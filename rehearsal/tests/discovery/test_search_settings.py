"""The settings about the search server that each release of the real service reads."""

import pytest

from rehearsal.common.releases import parse
from rehearsal.discovery.search_settings import DOCUMENTS, index_names, search_url

KINDS = ["course", "course_run", "person", "program"]


@pytest.mark.parametrize(
    "release, name",
    [
        *(("juniper.2", "ELASTICSEARCH_URL"), ("koa.3", "ELASTICSEARCH_URL")),
        *(("lilac.1", "ELASTICSEARCH_CLUSTER_URL"), ("master", "ELASTICSEARCH_CLUSTER_URL")),
    ],
)
def test_the_url_has_another_setting_since_lilac(release: str, name: str) -> None:
    assert search_url({name: "http://search:9200/"}, parse(release)) == "http://search:9200/"
    both = {"ELASTICSEARCH_URL", "ELASTICSEARCH_CLUSTER_URL"}
    [other] = both - {name}
    assert search_url({other: "http://x/"}, parse(release)) == "http://127.0.0.1:9200/"


@pytest.mark.parametrize(
    "release, kinds",
    [("koa.3", []), ("lilac.1", KINDS), ("nutmeg.1", [*KINDS, "learner_pathway"])],
)
def test_each_kind_of_document_has_a_name_of_its_own_since_lilac(
    release: str, kinds: list[str]
) -> None:
    assert index_names({"ELASTICSEARCH_INDEX_NAME": "mine"}, parse(release)) == dict(
        zip(kinds, kinds, strict=True)
    )


def test_names_go_by_modules_and_none_may_be_missing() -> None:
    names = {f"{DOCUMENTS}{kind}": f"campus_{kind}" for kind in KINDS}
    configuration = {"ELASTICSEARCH_INDEX_NAMES": names}
    assert index_names(configuration, parse("maple.3"))["course_run"] == "campus_course_run"
    with pytest.raises(KeyError, match="learner_pathway"):
        index_names(configuration, parse("nutmeg.1"))
