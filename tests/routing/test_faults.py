import pickle

import pytest

from fsroute.routing.faults import Fault, TreeError

BAD_NAME = Fault(["app/[user-id]"], '"user-id" is not a Python identifier', "rename the folder to [user_id]")
CLASH = Fault(["app/x/page.html", "app/x/route.py"], "both answer /x", "keep one of them")


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (BAD_NAME, 'app/[user-id]: "user-id" is not a Python identifier; rename the folder to [user_id]'),
        (CLASH, "app/x/page.html, app/x/route.py: both answer /x; keep one of them"),
    ],
)
def test_a_fault_is_one_line_with_files_problem_and_mend(fault: Fault, line: str) -> None:
    assert str(fault) == line


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\u202eb", "a\\u202eb"),                  # it would turn the rest of the line around
        ("caf\udce9", "caf\\udce9"),                # a byte that is no UTF-8
        ("café", "café"),
        ("a b", "a b"),
    ],
)
def test_what_is_not_printable_is_shown_escaped_and_nothing_else(name: str, shown: str) -> None:
    fault = Fault([f"app/{name}"], f"{name} is wrong", f"rename {name}")
    assert str(fault) == f"app/{shown}: {shown} is wrong; rename {shown}"
    assert TreeError(f"/srv/{name}", [fault]).args == (f"/srv/{name}", [fault])
    assert str(TreeError(f"/srv/{name}", [])).endswith(f"/srv/{shown}")


def test_equal_faults_are_equal_and_hash_alike() -> None:
    twin = Fault(tuple(CLASH.files), CLASH.problem, CLASH.mend)
    assert twin == CLASH
    assert len({twin, CLASH, BAD_NAME}) == 2
    assert str(CLASH) != CLASH
    assert eval(repr(CLASH), {"Fault": Fault}) == CLASH


def test_one_fault_is_reported_in_the_singular() -> None:
    assert str(TreeError("/srv/app", [BAD_NAME])) == f"1 fault in /srv/app\n  {BAD_NAME}"


def test_sixty_faults_have_a_line_each_sorted_by_file() -> None:
    faults = [Fault([f"app/{number:02}/route.py"], "broken", "mend it") for number in range(60)]
    heading, *lines = str(TreeError("/srv/app", faults[::-1])).split("\n")
    assert heading == "60 faults in /srv/app"
    assert lines == [f"  app/{number:02}/route.py: broken; mend it" for number in range(60)]


def test_the_error_keeps_root_and_faults_also_across_a_process_border() -> None:
    error = pickle.loads(pickle.dumps(TreeError("/srv/app", [CLASH, BAD_NAME])))
    assert (error.root, error.faults) == ("/srv/app", [CLASH, BAD_NAME])
