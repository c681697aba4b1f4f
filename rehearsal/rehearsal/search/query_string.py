"""The language of query_string: `org:edX AND (title:"a phrase" OR start:[2026 TO *]) -draft`."""

import re
from dataclasses import dataclass, field
from typing import Any

from rehearsal.search.fulltext import in_fields, match_field, weighted
from rehearsal.search.lookups import Scope, Scores
from rehearsal.search.queries import boosted, evaluate, query
from rehearsal.search.refusals import Refused, malformed, mapping_of, only, unsupported

TOKEN = re.compile(
    r"""\s*(?:
        (?P<field>(?:\\.|[\w.\-])+|\*):(?=\S)
        | (?P<open>\() | (?P<close>\))
        | (?P<range>[\[{]\s*(?P<low>"[^"]*"|\S+)\s+TO\s+(?P<high>"[^"]*"|[^\s\]}]+)\s*[\]}])
        | (?P<compare>[<>]=?)(?P<limit>[^\s()]+)
        | "(?P<phrase>(?:\\.|[^"\\])*)"
        | (?P<and>AND\b|&&) | (?P<or>OR\b|\|\|) | (?P<not>NOT\b|!)
        | (?P<sign>[+\-])(?=\S)
        | (?P<word>(?:\\.|[^\s()"\[\]{}:^~])+)
        | (?P<other>\S)
    )""",
    re.VERBOSE,
)
OPTIONS = (
    *("query", "fields", "default_field", "default_operator", "boost"),
    *("analyze_wildcard", "lenient", "allow_leading_wildcard"),
)


@query("query_string")
def query_string(scope: Scope, content: object) -> Scores:
    options = mapping_of(content, "query_string")
    only(options, OPTIONS, "query_string")
    default = options.get("default_field")
    fields = options.get("fields") or ([default] if default else None)
    operator = str(options.get("default_operator", "or")).upper()
    parser = Parser(str(options.get("query", "")), scope, fields, operator)
    return boosted(parser.parsed(), options)


@dataclass
class Parser:
    """Parser of a query from left to right. Methods return the matches of their part."""

    text: str
    scope: Scope
    fields: list[str] | None
    operator: str
    tokens: list[tuple[str, re.Match[str]]] = field(default_factory=list)

    def parsed(self) -> Scores:
        for match in TOKEN.finditer(self.text.rstrip()):
            # `lastgroup` may be wrong: the alternative of a range has groups inside.
            kind = next(name for name, value in match.groupdict().items() if value is not None)
            self.tokens.append((kind, match))
        if not self.tokens:
            return {}
        scores = self.clauses(self.fields)
        if self.tokens:
            raise self.fault()
        return scores

    def clauses(self, fields: list[str] | None) -> Scores:
        """Parse clauses up to a closing parenthesis. AND makes both its neighbours required."""
        must: list[Scores] = []
        should: list[Scores] = []
        without: list[Scores] = []
        joined = self.operator == "AND"
        while self.tokens and self.next() != "close":
            negative = required = False
            while self.next() in {"not", "sign"}:
                kind, match = self.tokens.pop(0)
                negative |= kind == "not" or match["sign"] == "-"
                required |= match["sign"] == "+"
            scores = self.clause(fields)
            follows = self.next()
            if follows in {"and", "or"}:
                self.tokens.pop(0)
            if negative:
                without.append(scores)
            elif required or joined or follows == "and":
                must.append(scores)
            else:
                should.append(scores)
            joined = follows == "and" or (follows != "or" and self.operator == "AND")
        return self.combined(must, should, without)

    def combined(self, must: list[Scores], should: list[Scores], without: list[Scores]) -> Scores:
        if must:
            numbers = set.intersection(*map(set, must))
        elif should:
            numbers = set[int]().union(*should)
        else:
            numbers = set(self.scope.everything()) if without else set()
        numbers -= set[int]().union(*without)
        return {
            number: sum(scores.get(number, 0.0) for scores in (*must, *should))
            for number in sorted(numbers)
        }

    def clause(self, fields: list[str] | None) -> Scores:
        if self.next() == "field":
            name = plain(self.tokens.pop(0)[1]["field"])
            if name == "_exists_":
                return evaluate(self.scope, {"exists": {"field": self.word()}})
            fields = None if name == "*" else [name]
        kind = self.next()
        if kind == "open":
            self.tokens.pop(0)
            scores = self.clauses(fields)
            if self.next() != "close":
                raise self.fault()
            self.tokens.pop(0)
            return scores
        if kind in {"range", "compare"}:
            return self.range(fields)
        if kind == "phrase":
            text = plain(self.tokens.pop(0)[1]["phrase"])
            return self.matches(fields, text, kind="phrase")
        return self.of_word(fields, self.word())

    def of_word(self, fields: list[str] | None, word: str) -> Scores:
        bare = word.removesuffix("*") if not word.endswith("\\*") else word
        if re.search(r"(?<!\\)[*?/]", bare):
            raise unsupported(word, "query_string, which has wildcards at the end of a word only")
        if word == "*":
            only_field = fields[0] if fields and len(fields) == 1 else "*"
            if only_field == "*":
                return self.scope.everything()
            return evaluate(self.scope, {"exists": {"field": only_field}})
        if bare != word:
            scores: Scores = {}
            for name, weight in weighted(self.scope, fields):
                for number, score in evaluate(self.scope, {"prefix": {name: plain(bare)}}).items():
                    scores[number] = max(scores.get(number, 0.0), score * weight)
            return scores
        return self.matches(fields, plain(word), kind="match")

    def matches(self, fields: list[str] | None, text: str, *, kind: str) -> Scores:
        if fields and len(fields) == 1 and "*" not in fields[0]:
            # For a single field by name, a value that the field cannot have is an error.
            return match_field(
                self.scope, fields[0].partition("^")[0], text, kind=kind, operator="and"
            )
        names = weighted(self.scope, fields)
        return in_fields(self.scope, names, text, kind=kind, operator="and")

    def range(self, fields: list[str] | None) -> Scores:
        kind, match = self.tokens.pop(0)
        if not fields or len(fields) != 1:
            raise malformed(f"a range needs a field: [{match[0].strip()}]")
        if kind == "compare":
            sign = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}[match["compare"]]
            limits: dict[str, Any] = {sign: plain(match["limit"])}
        else:
            text = match["range"]
            limits = {
                "gte" if text[0] == "[" else "gt": match["low"].strip('"'),
                "lte" if text[-1] == "]" else "lt": match["high"].strip('"'),
            }
        limits = {sign: limit for sign, limit in limits.items() if limit != "*"}
        return evaluate(self.scope, {"range": {fields[0]: limits}})

    def word(self) -> str:
        if self.next() != "word":
            raise self.fault()
        return self.tokens.pop(0)[1]["word"]

    def next(self) -> str:
        return self.tokens[0][0] if self.tokens else ""

    def fault(self) -> Refused:
        rest = self.tokens[0][1][0].strip() if self.tokens else "its end"
        if rest in {"~", "^"}:
            return unsupported(rest, "query_string")
        return Refused(
            400, "query_shard_exception", f"Failed to parse query [{self.text}] at [{rest}]"
        )


def plain(text: str) -> str:
    """Return `text` without the backslashes that escape special characters."""
    return re.sub(r"\\(.)", r"\1", text)
