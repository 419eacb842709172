import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.config import dump, read, scalar
from runner.errors import ExperimentError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    def write(text, name="e.yaml"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("config")


def fails(path, overrides=()):
    with pytest.raises(ExperimentError) as caught:
        read(path, overrides)
    assert caught.value.exit_code == 2
    (problem,) = caught.value.problems
    return problem


# Scalars -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("3.0e-4", 3e-4),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5E+3", -500.0),
        ("0o17", 15),
        ("0x1F", 31),
        ("012", 12),
        ("+7", 7),
        ("-.inf", -math.inf),
        ("+.INF", math.inf),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        *((word, word) for word in ("no", "yes", "on", "off", "tRUE", "1_000", "1:30", "0b1", "2020-01-01", "1e", ".")),
        ("'1'", "1"),
        ('"a\\tb"', "a\tb"),
        ("[1, 2.0, no]", [1, 2.0, "no"]),
        ("{a: {b: ~}}", {"a": {"b": None}}),
        (" 5 ", 5),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text, value):
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_nan():
    assert math.isnan(scalar(".nan"))


@pytest.mark.parametrize(
    "text", ["a: b", "-", "- 1", "1 # one", "#", "[1", "a\n--- b", "!!int 3", "9" * 101, "{a: 1, a: 2}"]
)
def test_what_is_no_scalar_or_flow_value_is_refused(text):
    with pytest.raises(ExperimentError):
        scalar(text)


# One file ----------------------------------------------------------------------------------------------------------


def test_values_have_places(write):
    text = "name: a\ntraining: {steps: 5, batch_size: 128}\nmetrics:\n  - one\n  - {name: two}\n"
    document = read(write(text))
    assert document.text == text
    assert document.path == write(text)
    assert document.problems == ()
    assert document.data == {
        "name": "a",
        "training": {"steps": 5, "batch_size": 128},
        "metrics": ["one", {"name": "two"}],
    }
    assert document.where(["training", "batch_size"]) == "e.yaml:2:34"
    assert document.where_key(["training", "batch_size"]) == "e.yaml:2:22"
    assert document.where(["metrics", 1, "name"]) == "e.yaml:5:12"
    assert document.where_key(["metrics", 1]) == document.where(["metrics", 1]) == "e.yaml:5:5"


def test_what_is_missing_is_placed_at_the_nearest_parent(write):
    document = read(write("name: a\ntraining: {steps: 5}\nmetrics: [a]\n"))
    for where in (document.where, document.where_key):
        assert where(["training", "block"]) == "e.yaml:2:11"
        assert where(["training", "steps", "x", 3]) == "e.yaml:2:19"
        assert where(["metrics", 1]) == "e.yaml:3:10"
        assert where(["nothing"]) == where([]) == "e.yaml:1:1"


def test_paths_are_shown_as_given_or_from_the_working_folder(write, folder, monkeypatch):
    path = write("a: 1", "below/e.yaml")
    assert read(path).where(["a"]) == "below/e.yaml:1:4"
    monkeypatch.chdir(folder / "below")
    assert read(path.relative_to(folder / "below")).where(["a"]) == "e.yaml:1:4"
    monkeypatch.chdir("/")
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert read(path).where(["a"]) == f"{path}:1:4"


def test_text_is_verbatim_with_its_line_ends_and_byte_order_mark(write):
    document = read(write(b"\xef\xbb\xbfname: a\r\nb: 2\r\n"))
    assert document.text == "\ufeffname: a\r\nb: 2\r\n"
    assert document.data == {"name": "a", "b": 2}
    assert document.where(["b"]) == "e.yaml:2:4"


def test_aliases_are_written_out(write):
    document = read(write("a: &x {p: [1]}\nb: *x\nc: [*x, *x]\n"))
    assert document.data == {"a": {"p": [1]}, "b": {"p": [1]}, "c": [{"p": [1]}] * 2}
    document.data["a"]["p"].append(2)
    assert document.data["b"] == {"p": [1]}


def test_duplicate_key_is_a_problem_at_the_second_naming_the_first(write):
    document = read(write("name: a\ntraining:\n  steps: 1\n  block: 2\n  steps: 3\n"))
    (problem,) = document.problems
    assert (problem.where, problem.key) == ("e.yaml:5:3", "training.steps")
    assert "e.yaml:3:3" in problem.message
    assert document.data["training"] == {"steps": 1, "block": 2}


def test_all_problems_of_a_file_are_found_at_once(write):
    text = 'a: !!str 1\nb: &m {x: 1}\nc:\n  <<: *m\n1: one\nfalse: x\n? [k]\n: v\nd: "\\ud800"\ne: 1\ne: 2\n~: empty\n'
    document = read(write(text))
    found = {problem.where.split(":")[1]: problem.message for problem in document.problems}
    assert found.keys() == {"1", "4", "5", "6", "7", "9", "11", "12"}
    for line, word in {"1": "tags", "4": "merge", "5": "text, not 1", "6": "text, not false", "7": "list"}.items():
        assert word in found[line]
    assert document.data == {"a": 1, "b": {"x": 1}, "c": {}, "d": "?", "e": 1}


def test_quoted_keys_may_look_like_numbers(write):
    assert read(write('"1": a\n"<<": b\nno: c\n')).data == {"1": "a", "<<": "b", "no": "c"}


@pytest.mark.parametrize(
    ("text", "where", "word"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "e.yaml:3:2", "not valid YAML"),
        ("a: b: c\n", "e.yaml:1:5", "mapping values"),
        ("a:\n\t- 1\n", "e.yaml:2:1", "cannot start any token"),
        ("a: 1\n---\nb: 2\n", "e.yaml:2:1", "another document"),
        ("a: *x\n", "e.yaml:1:4", "undefined alias"),
        ("a: &x [*x]\n", "e.yaml:1:4", "alias of itself"),
        ("a: &x {b: {c: *x}}\n", "e.yaml:1:4", "alias of itself"),
        (b"a: 1\nb: \xff\n", "e.yaml:2:4", "0xff is not UTF-8"),
        (b"a: \xc3\xa9\xc3\xa9 \xe9", "e.yaml:1:7", "UTF-8"),
        (b"a: 1\nb: x\0\n", "e.yaml:2:5", "U+0000"),
        ("a: \x1b[1m\n", "e.yaml:1:4", "U+001B"),
        ('a: "\\UFFFFFFFF"\n', "e.yaml:1:", "out of range"),
        (f"%YAML 1.{'9' * 5000}\n---\na: 1\n", "e.yaml:1:", "out of range"),
        ("", "e.yaml:1:1", "expected keys and values"),
        ("# nothing\n", "e.yaml:1:1", "expected keys and values"),
        ("- 1\n", "e.yaml:1:1", "expected keys and values"),
        ("just text", "e.yaml:1:1", "expected keys and values"),
        ("a: " + "[" * 200, "e.yaml:1:", "100 levels"),
        ("a: " + "[" * 200 + "]" * 200, "e.yaml:1:103", "100 levels"),
        ("a: [" + "1, " * 100_000 + "]", "e.yaml:1:", "100,000 values"),
    ],
)
def test_what_cannot_be_read_is_one_error_with_its_place(write, text, where, word):
    problem = fails(write(text))
    assert problem.where.startswith(where)
    assert word in problem.message
    assert "\n" not in problem.message


def test_tabs_get_advice(write):
    assert "spaces" in fails(write("a:\n\tb: 1\n")).suggestion


def test_aliases_cannot_blow_up(write):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert "aliases" in fails(write("\n".join(lines))).message
    text = f"a: &a {'x' * 20_000}\nb: [{'*a, ' * 90_000}]\n"
    assert "characters, aliases" in fails(write(text)).message


def test_files_that_cannot_be_read(folder, write):
    assert "there is no file none.yaml" in fails(folder / "none.yaml").message
    assert "cannot read" in fails(folder).message
    assert "larger than 10 MB" in fails(write(b"#" * 10_000_001)).message


# extends -----------------------------------------------------------------------------------------------------------


def test_extends_merges_mappings_and_replaces_the_rest(write):
    write("name: base\nseed: 1\ntraining: {steps: 1, block: 2}\nplugins: [a, b]\n", "base/base.yaml")
    write("extends: ../base/base.yaml\nseed: 2\ntraining: {block: 3}\n", "middle/middle.yaml")
    path = write("name: top\nextends: middle/middle.yaml\nplugins: [c]\n")
    document = read(path)
    assert document.data == {
        "name": "top",
        "seed": 2,
        "training": {"steps": 1, "block": 3},
        "plugins": ["c"],
    }
    assert document.where(["name"]) == "e.yaml:1:7"
    assert document.where(["seed"]) == "middle/middle.yaml:2:7"
    assert document.where(["training", "steps"]) == "base/base.yaml:3:19"
    assert document.where_key(["training", "block"]) == "middle/middle.yaml:3:12"
    assert document.text.startswith("name: top")


@pytest.mark.parametrize(
    ("base", "own", "merged"),
    [
        ("{name: a, p: 1, q: 2}", "{name: a, p: 3}", {"name": "a", "p": 3, "q": 2}),
        ("{name: a, p: 1, q: 2}", "{p: 3}", {"name": "a", "p": 3, "q": 2}),
        ("{name: a, p: 1}", "{name: b, q: 3}", {"name": "b", "q": 3}),
        ("{name: a, p: 1}", "b", "b"),
        ("{name: a, p: 1}", "a", "a"),
        ("a", "{name: b, p: 1}", {"name": "b", "p": 1}),
        ("a", "{p: 1}", {"name": "a", "p": 1}),
        ("a", "b", "b"),
        ("{name: a}", "~", None),
        ("~", "{name: a}", {"name": "a"}),
        ("{p: {x: 1}}", "{p: {y: 2}}", {"p": {"x": 1, "y": 2}}),
        ("{p: 1}", "[1]", [1]),
        ("[1, 2]", "[3]", [3]),
        ("5", "{p: 1}", {"p": 1}),
    ],
)
def test_a_component_of_another_name_starts_afresh(write, base, own, merged):
    write(f"name: base\nnetworks: {{critic: {base}}}\n", "base.yaml")
    document = read(write(f"extends: base.yaml\nname: own\nnetworks: {{critic: {own}}}\n"))
    assert document.data == {"name": "own", "networks": {"critic": merged}}


def test_problems_of_the_extended_file_point_into_it(write):
    write("seed: 1\nseed: 2\n", "base.yaml")
    (problem,) = read(write("extends: base.yaml\n")).problems
    assert problem.where == "base.yaml:2:1"


@pytest.mark.parametrize("value", ["[a.yaml, b.yaml]", "3", "~", "''", "{a: b}", '"a\\0b"'])
def test_extends_is_one_path(write, value):
    problem = fails(write(f"name: a\nextends: {value}\n"))
    assert (problem.where, problem.key) == ("e.yaml:2:10", "extends")
    assert "one experiment file" in problem.message


def test_missing_parent_is_placed_at_extends(write):
    problem = fails(write("name: a\nextends: x/none.yaml\n"))
    assert (problem.where, problem.key, problem.message) == ("e.yaml:2:10", "extends", "there is no file x/none.yaml")


def test_values_of_a_parent_are_placed_in_it_also_within_lists(write):
    write("metrics:\n  - one\n  - {name: two}\ncritic: plain\n", "base.yaml")
    document = read(write("extends: base.yaml\ncritic: {p: 1}\n"))
    assert document.where(["metrics", 1, "name"]) == "base.yaml:3:12"
    assert document.where_key(["critic", "name"]) == "base.yaml:4:9"
    assert document.where_key(["critic", "p"]) == "e.yaml:2:10"


def test_a_folder_is_no_parent(write):
    problem = fails(write("extends: .\n"))
    assert (problem.where, problem.message) == ("e.yaml:1:10", "cannot read .: Is a directory")


def test_syntax_error_in_a_parent_is_placed_in_it(write):
    write("a: [", "base.yaml")
    assert fails(write("extends: base.yaml\n")).where.startswith("base.yaml:1:")


def test_circles_are_refused_with_the_chain(write):
    write("extends: b.yaml\n", "a.yaml")
    write("extends: ./e.yaml\n", "b.yaml")
    problem = fails(write("extends: a.yaml\n"))
    assert problem.where == "b.yaml:1:10"
    assert "e.yaml -> a.yaml -> b.yaml -> e.yaml" in problem.message
    assert "e.yaml -> e.yaml" in fails(write("extends: e.yaml\n")).message


# Overrides ---------------------------------------------------------------------------------------------------------

BASE = """\
name: exp
networks: {critic: plain, generator: {name: gen, latent_dim: 32, size: 1}}
training: {steps: 5}
losses: ~
evaluation: {metrics: [one, {name: two, p: 1}]}
"""


@pytest.mark.parametrize(
    ("overrides", "key", "value"),
    [
        (["training.steps=100"], ["training"], {"steps": 100}),
        (["training.rate=1e-4"], ["training"], {"steps": 5, "rate": 1e-4}),
        (["training={block: 2}"], ["training"], {"block": 2}),
        (["name=no"], ["name"], "no"),
        (["name=other"], ["training"], {"steps": 5}),
        (["name="], ["name"], None),
        (["name='a=b'"], ["name"], "a=b"),
        (["new.a.b=[1, x]"], ["new"], {"a": {"b": [1, "x"]}}),
        (["losses.penalty.weight=3"], ["losses"], {"penalty": {"weight": 3}}),
        (["networks.critic.dropout=0.1"], ["networks", "critic"], {"name": "plain", "dropout": 0.1}),
        (["networks.critic=other"], ["networks", "critic"], "other"),
        (["networks.critic.name=other"], ["networks", "critic"], {"name": "other"}),
        (["networks.generator.name=other"], ["networks", "generator"], {"name": "other"}),
        (["networks.generator.name=gen"], ["networks", "generator"], {"name": "gen", "latent_dim": 32, "size": 1}),
        (
            ["networks.generator.size=2", "networks.generator.name=other", "networks.generator.new=3"],
            ["networks", "generator"],
            {"name": "other", "size": 2, "new": 3},
        ),
        (["evaluation.metrics.0=three"], ["evaluation", "metrics"], ["three", {"name": "two", "p": 1}]),
        (["evaluation.metrics.1.p=2"], ["evaluation", "metrics"], ["one", {"name": "two", "p": 2}]),
        (["evaluation.metrics.0.p=2"], ["evaluation", "metrics", 0], {"name": "one", "p": 2}),
        (["training.steps=1", "training.steps=2"], ["training", "steps"], 2),
    ],
)
def test_overrides(write, overrides, key, value):
    document = read(write(BASE), overrides)
    assert document.problems == ()
    found = document.data
    for part in key:
        found = found[part]
    assert found == value
    assert type(found) is type(value)


def test_overridden_values_are_placed_at_the_override(write):
    document = read(write(BASE), ["training.steps=x", "networks.critic={name: c, p: 1}", "new.a=1"])
    assert (
        document.where(["training", "steps"]) == document.where_key(["training", "steps"]) == "--set training.steps=x"
    )
    assert document.where(["training"]) == "e.yaml:3:11"
    assert document.where(["networks", "critic", "p"]) == "--set networks.critic={name: c, p: 1}"
    assert document.where_key(["new"]) == document.where(["new"]) == "--set new.a=1"


@pytest.mark.parametrize(
    ("override", "key", "word"),
    [
        ("training.steps", "", "expected a dotted key"),
        ("=1", "", "expected a dotted key"),
        ("a..b=1", "", "expected a dotted key"),
        (".".join("a" * 60) + "=1", "", "expected a dotted key"),
        ("extends=x.yaml", "extends", "cannot be overridden"),
        ("training.steps.x=1", "training.steps.x", "training.steps is 5, which has no keys"),
        ("evaluation.metrics.2=a", "evaluation.metrics.2", "evaluation.metrics is a list of 2"),
        ("evaluation.metrics.-1=a", "evaluation.metrics.-1", "a list of 2"),
        ("evaluation.metrics.x=a", "evaluation.metrics.x", "a list of 2"),
        ("name=[1", "", "not valid YAML"),
        ("name=a: b", "name", "flow style"),
        ("name=a # b", "name", "flow style"),
        ("name=!!str 1", "", "tags"),
        ("training={steps: 1, steps: 2}", "training.steps", "given twice"),
        ("training.steps=" + "9" * 101, "training.steps", "too long"),
        ("training={<<: 1}", "training", "merge"),
        ("name=\0", "", "U+0000"),
    ],
)
def test_wrong_overrides_are_problems(write, override, key, word):
    document = read(write(BASE), [override, "seed=3"])
    (problem,) = document.problems
    assert problem.where == f"--set {override}"
    assert problem.key == key
    assert word in problem.message
    assert document.data["seed"] == 3


# Writing -----------------------------------------------------------------------------------------------------------


def test_dump_is_readable():
    data = {
        "name": "quick",
        "description": "Line one.\nLine two: more.",
        "dataset": {"name": "tpc", "range": [0.0, 15.0]},
        "networks": {role: {"name": "physgan_unparameterized", "latent_dim": 32} for role in ("generator", "critic")},
        "rate": 1e-4,
        "callbacks": [],
    }
    assert dump(data) == (
        "name: quick\n"
        "description: |-\n  Line one.\n  Line two: more.\n"
        "dataset: {name: tpc, range: [0.0, 15.0]}\n"
        "networks:\n"
        "  generator: {name: physgan_unparameterized, latent_dim: 32}\n"
        "  critic: {name: physgan_unparameterized, latent_dim: 32}\n"
        "rate: 0.0001\n"
        "callbacks: []\n"
    )


@pytest.mark.parametrize("data", [{"a": object()}, {1: "a"}, {"a": {1, 2}}, {"a": b"x"}])
def test_dump_refuses_what_yaml_cannot_hold(data):
    with pytest.raises(TypeError):
        dump(data)


def same(one, other):
    if isinstance(one, dict):
        return isinstance(other, dict) and list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


TRICKY = [
    *("", " a", "a ", "\ta", "a: b", "a #b", "- a", "a\nb", "a\n", "\n", "\r\n", "\u2028", "\x85", "\0", "\ufeff"),
    *("no", "1e3", "true", "~", "null", "0o7", "0x1", ".inf", "9" * 200, "<<", "---", "!x", "&a", "*a", "é"),
    *"'\"{%@?=|",
]
texts = st.sampled_from(TRICKY) | st.text(max_size=30) | st.text("ab:#-'\"\\ \n\t[]{},?!&*", max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**90), 10**90) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(data=st.dictionaries(texts.filter(lambda key: key != "extends"), values, max_size=4))
def test_what_is_dumped_reads_back(data, scratch):
    path = scratch / "dumped.yaml"
    path.write_bytes(dump(data).encode())
    document = read(path)
    assert document.problems == ()
    assert same(document.data, data)


PIECES = (
    "a|b|1|: |- |? |, |{|}|[|]|&x |*x|!!str |!<|'|\"|#|<<|~|--- |... |%YAML 1.2|%TAG ! a|extends: any.yaml|\\x0|\\ud800"
)
yaml_like = st.lists(st.sampled_from([*PIECES.split("|"), "|", "\n", "\n  ", "\t", "\r", "\x85", "\1"]), max_size=25)


@settings(max_examples=600, deadline=None)
@given(content=st.binary(max_size=200) | yaml_like.map(lambda pieces: "".join(pieces).encode()))
def test_any_bytes_give_a_document_or_an_error(content, scratch):
    path = scratch / "any.yaml"
    path.write_bytes(content)
    try:
        document = read(path)
    except ExperimentError as error:
        problems = error.problems
    else:
        assert document.where(["a", 0])
        problems = document.problems
    assert all(problem.where and problem.message for problem in problems)


keys = st.sampled_from(["name", "networks.critic", "networks.generator.name", "losses.a", "evaluation.metrics.1.p"])


@settings(max_examples=300, deadline=None)
@given(overrides=st.lists(st.builds("{}={}".format, keys, yaml_like.map("".join) | texts) | st.text(), max_size=3))
def test_any_overrides_give_a_document(overrides, scratch):
    path = scratch / "base.yaml"
    path.write_text(BASE)
    document = read(path, overrides)
    assert {problem.where for problem in document.problems} <= {f"--set {override}" for override in overrides}
