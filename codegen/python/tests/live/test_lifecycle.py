import io
import os
import subprocess
import sys
import unittest
import warnings
from pathlib import Path

from dhuo import UntrustedPickleWarning, errors
from dhuo._models import version_of

from . import WithProject, eventually

PACKAGE = str(Path(__file__).parents[2])


class Bomb:
    """What a pickle can do."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return (open, (self.path, "w"))


class Experiments(WithProject):
    def test_run(self) -> None:
        """a run logs params, metrics, tags and files, and ends with its block"""
        with self.d.start_run("species", params={"rate": 0.1}, tags={"team": "a"}) as run:
            run.log_params({f"p{i}": i for i in range(150)})
            for step in range(2_500):
                run.log_metric("loss", 1 / (step + 1), step)
            run.log_metrics({"nan": float("nan"), "far": float("-inf")})
            artifact = run.log_artifact(self.script("print(1)", "plot"), "plots/plot.py")
        info = run.refresh()
        self.assertEqual((info.status, len(info.params), artifact.key), ("FINISHED", 151, f"runs/{run.id}/plots/plot.py"))
        self.assertEqual({metric.key: (metric.text, metric.step) for metric in info.metrics}, {"far": ("-Infinity", 0), "loss": ("0.0004", 2499), "nan": ("NaN", 0)})  # fmt: skip
        history = self.d.api.get_metric_history(run.id, "loss", first=1).metric_history
        self.assertEqual(history.total_count, 2_500)

    def test_failed(self) -> None:
        """a run that an exception leaves has FAILED, with what was logged before"""
        with self.assertRaises(ZeroDivisionError):
            with self.d.start_run("species") as run:
                run.log_metric("loss", 1)
                raise ZeroDivisionError
        self.assertEqual((run.refresh().status, run.info.metrics[0].key), ("FAILED", "loss"))
        with self.assertRaises(errors.ConflictError):
            self.d.start_run("species", params={"a": 1}).log_param("a", 2)

    def test_forgotten(self) -> None:
        """what a script logs just before it ends is not lost, though nobody ended the run"""
        run = self.d.start_run("species")
        script = f"""
import dhuo
d = dhuo.Dhuo(project={self.d.project!r})
run = d.start_run("species", name="forgotten")
run.log_metric("loss", 1, 0)
run.log_metric("loss", 2, 1)
print(run.id)"""
        id = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.strip()
        self.assertEqual(self.d.api.get_metric_history(id, "loss").metric_history.total_count, 2)
        self.assertEqual(run.refresh().status, "RUNNING")

    def test_watched(self) -> None:
        """metrics are watched while they are logged"""
        run = self.d.start_run("species")
        with self.d.api.watch_metrics(run.id, keys=["loss"]) as points:
            seen = []

            def log_until_seen() -> bool:
                run.log_metric("loss", 0.5, len(seen))
                run.flush()
                try:
                    seen.append(points.next(0.1))
                except TimeoutError:
                    pass
                return bool(seen)

            eventually(log_until_seen)
        self.assertEqual((seen[0].key, seen[0].value), ("loss", 0.5))


class Models(WithProject):
    def test_object(self) -> None:
        """an object is saved as a pickle and loaded again, by version, stage and alias"""
        first = self.d.save_model({"weights": [1, 2]}, "classifier", stage="staging", tags={"a": "b"}, description="first")
        second = self.d.save_model({"weights": [3]}, "Classifier")
        self.assertEqual((first.version, first.stage, second.version, second.description), (1, "STAGING", 2, None))
        self.d.api.set_model_alias(self.d.project, "classifier", "best", version=1)
        for uri, weights in [("classifier", [3]), ("models:/classifier/1", [1, 2]), ("classifier/Staging", [1, 2]), ("classifier@best", [1, 2])]:
            self.assertEqual(self.d.load_model(uri, trust=True), {"weights": weights}, uri)
        with self.assertRaises(errors.NotFoundError):
            self.d.load_model("classifier/production", trust=True)

    def test_trust(self) -> None:
        """a pickle is loaded with a warning unless it is trusted"""
        self.d.save_model([1], "warned")
        with self.assertWarns(UntrustedPickleWarning):
            self.d.load_model("warned")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertEqual(self.d.load_model("warned", trust=True, path=self.folder / "kept.pkl"), [1])
        self.assertTrue((self.folder / "kept.pkl").exists())

    def test_tampered(self) -> None:
        """a pickle that was tampered with does not run"""
        mark = self.folder / "it-ran"
        saved = self.d.save_model(Bomb(str(mark)), "bomb")
        mark.unlink(missing_ok=True)
        stored = version_of(self.d, "bomb", self.d.project).files[0]
        # What lies on the disk of the server is another pickle of the same length.
        home = Path(os.environ["DHUO_TEST_HOME"])
        (file,) = [each for each in home.rglob("*") if each.is_file() and each.stat().st_size == stored.size and b"it-ran" in each.read_bytes()]
        file.write_bytes(file.read_bytes().replace(b"it-ran", b"it-RAN"))
        with self.assertRaises(errors.ChecksumError):
            self.d.load_model(saved.uri, trust=True)
        self.assertEqual([each for each in self.folder.iterdir() if each.name.lower() == "it-ran"], [])

    def test_files(self) -> None:
        """a folder is saved file by file, and comes back as it was"""
        root = self.folder / "model"
        (root / "deep").mkdir(parents=True)
        (root / "weights.json").write_text("{}")
        (root / "deep" / "vocabulary.txt").write_text("a")
        self.d.save_model(root, "folder-model")
        paths = self.d.download_model("folder-model", self.folder / "back")
        self.assertEqual(sorted(str(path.relative_to(self.folder / "back")) for path in paths), ["deep/vocabulary.txt", "weights.json"])
        with self.assertRaisesRegex(ValueError, "no pickle"):
            self.d.load_model("folder-model")


class Pipelines(WithProject):
    def test_live(self) -> None:
        """a run is shown as it happens, and its result is what it is at its end"""
        steps = [self.script("print('one')", "first"), {"script": self.script("import sys; print(sys.argv[1:]); print('oh', file=sys.stderr)", "second"), "arguments": ["--n", 3]}]  # fmt: skip
        deployment = self.d.deploy(name="live-one", steps=steps)
        out = io.StringIO()
        run = deployment.run({"day": "2026-01-01"}).live(file=out)
        lines = [line[10:].strip() for line in out.getvalue().splitlines()[1:]]
        for expected in ("first   | one", "second  | ['--n', '3', '--day', '2026-01-01']", "second  ! oh"):
            self.assertIn(expected, lines)
        self.assertRegex(lines[-1], r"^run     SUCCEEDED after \d")
        result = run.result()
        self.assertEqual((result.status, [step.status for step in result.steps]), ("SUCCEEDED", ["SUCCEEDED", "SUCCEEDED"]))
        again = io.StringIO()
        self.d.pipeline_run(run.id).live(file=again)
        self.assertEqual(again.getvalue(), out.getvalue())
        self.assertEqual([line.text for line in run.logs("first")], ["one"])
        with self.assertRaises(errors.NotFoundError):
            run.logs("third")
        self.assertEqual((deployment.latest_run.id, deployment.runs()[0].id), (run.id, run.id))

    def test_failed(self) -> None:
        """a run that failed raises, with the step, the reason and its last lines"""
        run = self.d.deploy(name="failing", steps=[self.script("for i in range(30): print(i)\nraise SystemExit('no more')", "breaks")]).run()
        with self.assertRaises(errors.RunFailed) as caught:
            run.result(30)
        error = caught.exception
        self.assertEqual((error.step, error.last_lines[-3:], len(error.last_lines)), ("breaks", ["28", "29", "no more"], 20))
        self.assertIn("exit code 1", error.detail)
        self.assertIn("no more", str(error))
        self.assertEqual(error.run.status, "FAILED")

    def test_canceled(self) -> None:
        """waiting may end before the run does, which goes on until it is canceled"""
        run = self.d.deploy(name="sleeping", steps=[self.script("import time; time.sleep(60)")]).run()
        with self.assertRaisesRegex(TimeoutError, "It goes on"):
            run.result(0.3)
        self.assertIn(run.status, ("QUEUED", "RUNNING"))
        with self.assertRaises(errors.RunCanceled):
            run.cancel().result(30)
        self.assertEqual(run.retry().cancel().id[:4], "plr_")

    def test_yaml(self) -> None:
        """a deploy.yaml takes its scripts along, and says which one is not there"""
        folder = self.folder / "config"
        folder.mkdir()
        (self.folder / "from-yaml.py").write_text("print('from yaml')")
        (folder / "deploy.yaml").write_text(
            "name: from-yaml\nschedule: { cron: '0 3 * * *', timezone: America/Sao_Paulo, enabled: false }\n"
            "steps:\n  - name: only\n    script: ../from-yaml.py   # beside\n    arguments: [--x]\n"
        )
        deployment = self.d.deploy(folder / "deploy.yaml")
        self.assertEqual((deployment.name, deployment.info.schedule.enabled), ("from-yaml", False))
        self.assertIn("from yaml", [event.message for event in deployment.run().events()])
        (folder / "deploy.yaml").write_text("name: from-yaml\nsteps:\n  - name: only\n    script: ./gone.py\n")
        with self.assertRaisesRegex(FileNotFoundError, r"deploy.yaml, line 4: there is no file .*gone.py"):
            self.d.deploy(folder / "deploy.yaml")
        (folder / "deploy.yaml").write_text("name: from-yaml\nstepz: []\n")
        with self.assertRaises(errors.BadUserInputError):
            self.d.deploy(folder / "deploy.yaml")
        self.assertIsNone(deployment.unschedule().info.schedule)
        self.assertEqual(deployment.schedule("0 1 * * *", "UTC").info.schedule.cron, "0 1 * * *")

    def test_inside(self) -> None:
        """a script of a step finds server, key and project, reports, and saves predictions that are linked to it"""
        self.d.save_model({"a": 1}, "insider")
        script = f"""
import sys; sys.path.insert(0, {PACKAGE!r})
import dhuo
d = dhuo.Dhuo.from_environment()
d.report(0.5, "half")
open("rows.csv", "w").write("x,PREDICT\\n1,a\\n2,b\\n")
saved = [d.save_predictions("inside", "rows.csv", model="insider") for _ in range(2)][1]
print(saved.version, saved.row_count, saved.pipeline_run is not None)
"""
        run = self.d.deploy(name="inside", steps=[self.script(script)]).run()
        run.result(30)
        events = list(run.events())
        self.assertIn(("half", 0.5), [(event.message, event.progress) for event in events])
        self.assertIn("1 2 True", [event.message for event in events])
        with self.assertRaisesRegex(RuntimeError, "DHUO_PROJECT"):
            type(self.d).from_environment()
        self.assertEqual([row["PREDICT"] for row in self.d.select_rows("select PREDICT from inside order by x")], ["a", "b"])

    def test_online(self) -> None:
        """an ONLINE deployment is asked for rows"""
        self.d.save_model([10], "adder")
        handler = self.script("def load(path): return 10\ndef predict(model, rows): return [row['x'] + model for row in rows]", "predict")
        deployment = self.d.deploy(name="online", kind="ONLINE", model="models:/adder/1", steps=[{"script": handler, "kind": "PREDICTION"}])
        self.assertEqual(deployment.wait_until_ready().predict([{"x": 1}, {"x": 2}]), [11, 12])

    def test_packages(self) -> None:
        """requirements that would run programs on the server are refused"""
        with self.assertRaises(errors.BadUserInputError):
            self.d.deploy(name="unpackaged", steps=[self.script("")], requirements="-e .\n")


if __name__ == "__main__":
    sys.exit(unittest.main())
