"""Wrong tasks: each fails the check that is there for its fault; shipped ones pass."""

from __future__ import annotations

from pathlib import Path
from string import Template

import pytest

from indmech_bench.conformance.packages import TEMPLATES
from indmech_bench.testing import TASK_CHECKS, assert_passed, check_task

UNIT = 'unit_power(model, family, each(streams, lambda one: first_that(one, draw, moves, "")))'
MODEL = "        return ConvolutionCascade(read_lengths(self.taps, 2), self.n)\n"
OWN_MODEL = '''
class Own(ConvolutionCascade):
    """A cascade with one fault."""

    def {signature}:
        {body}


@register_task('''
FAULTS: dict[str, tuple[str, str, str, str]] = {
    "power": (UNIT, UNIT[len("unit_power(model, family, ") : -1], "power", "mean power of the output is"),
    "seed": ("* generator.standard_normal((size, length))", "* np.random.standard_normal((size, length))",
             "seed", "k1 of seed 3 is another among seeds (3,)"),
    "one truth": ("* generator.standard_normal((size, length))", "* np.ones((size, length))", "seed",
                  "two seeds have one truth"),
    "fact": ('    family: ClassVar[str] = "faulty"\n', "", "facts", "the class does not say its family"),
    "no control": ("* generator.standard_normal((size, length))",
                   "* (np.eye(1, length).repeat(size, 0) if name == 'k2' else generator.normal(size=(size, length)))",
                   "facts", "all truths have log rho"),
    "shapes": (UNIT, f"{{name: value[:, :-1] for name, value in {UNIT}.items()}}", "shapes",
               "sample gives {'k1': (4, 6)"),
    "settings": ("        check_mode(", "        raise ValueError('no')\n        check_mode(", "members",
                 "ValueError: no"),
    "does not move": (UNIT, "{name: value * 0 + (torch.arange(value.shape[-1]) == 0) for name, value in "
                      f"{UNIT}.items()}}", "moves", "interventions move the truths by [0, 0, 0, 0]"),
    "rho": ("generic_power(self, parameters)", "return 2 * super().generic_power(parameters)", "rho",
            "E_g C(P_g) is"),
    "other rho": ("log_generic_ratio(self, parameters)", "return super().log_generic_ratio(parameters) + 1", "rho",
                  "log rho is"),
    "invariants": ("invariants(self, parameters)",
                   "return {'rest': super().invariants(parameters)['rest'] * 0 + 1}", "invariants",
                   "equivalence_gap is [0, 0, 0, 0] where e is"),
    "law": ("laws(self, parameters)",
            "return lambda g: super(Own, self).laws(parameters)(g) * (1 + 1e-3 * torch.rand(1).item())",
            "oracle", "of the truth is"),
    "batch": ("composite(self, parameters)",
              "return super().composite(parameters) * (1 + 1e-3 * parameters['k2'].detach().square().mean())",
              "training", "of seed 3 trains to other bits alone than among 4"),
    "leak": ("", "", "leak", "the problem holds a true mechanism"),
}  # fmt: skip
OBSERVE = """
    def observe(self, parameters, streams):
        shown = super().observe(parameters, streams)
        from dataclasses import replace
        made = replace(shown)
        normalised = type(made).normalised

        class Leaking(type(made)):
            def normalised(self, dtype):
                plain, scale = normalised(self, dtype)
                object.__setattr__(plain, "hidden", parameters["k1"] * 3)
                return plain, scale

        return Leaking(made.model, made.kernel)
"""


def written(folder: Path, name: str) -> Path:
    words = {"name": "faulty", "module": "faulty", "class_name": "Faulty"}
    source = Template((TEMPLATES / "task" / "module.py.txt").read_text()).substitute(words)
    old, new, _, _ = FAULTS.get(name, ("", "", "", ""))
    if name == "leak":
        source += OBSERVE
    elif old.endswith("parameters)"):
        assert MODEL in source
        source = source.replace(MODEL, MODEL.replace("ConvolutionCascade", "Own"))
        source = source.replace("\n@register_task(", OWN_MODEL.format(signature=old, body=new))
    else:
        assert old in source
        source = source.replace(old, new)
    path = folder / "faulty.py"
    path.write_text(source)
    return path


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_task_fails_the_check_for_its_fault(tmp_path: Path, name: str) -> None:
    *_, check, words = FAULTS[name]
    (finding,) = check_task(written(tmp_path, name), checks=[check])
    assert not finding.passed
    assert words in finding.seen


def test_a_control_that_says_so_passes_with_a_remark() -> None:
    for task in ("fir-generic", "fir-natural:dependence=0.4", "eyes-independent"):
        (finding,) = check_task(task, checks=["facts"])
        assert finding.passed
        assert "a control" in finding.seen


def test_the_same_task_without_a_fault_passes(tmp_path: Path) -> None:
    findings = check_task(written(tmp_path, ""))
    assert [finding.check for finding in findings] == [*TASK_CHECKS]
    assert_passed(findings)


@pytest.mark.parametrize(
    "name", ["environments-2:taps=5x3", "linear-gaussian-natural", "eyes-dependent", "fir-noisy-20"]
)
def test_shipped_tasks_pass(name: str) -> None:
    assert_passed(check_task(name, checks=["members", "facts", "shapes", "rho", "truth-fits", "training"]))
