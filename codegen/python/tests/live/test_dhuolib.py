import inspect
import json
import os
import pickle
import unittest
import warnings
from pathlib import Path

from dhuo import Dhuo, errors
from dhuo.dhuolib import Auth, DatabaseConnection, Dhuolib, DhuolibExperimentMLClient, DhuolibPlatformClient, GenericRepository
from dhuo.dhuolib import session as sessions
from dhuo.dhuolib.names import validate_name

from . import WithProject, unique

# As the published library has them (dhuolib 0.2.3, dhuodata-lib 0.7.8).
SIGNATURES = {
    DhuolibExperimentMLClient: {
        "__init__": ["service_uri", "token"],
        "create_experiment": ["experiment_name", "experiment_tags"],
        "predict_online": ["run_params"],
        "prediction_batch_with_dataframe": ["batch_params", "df"],
        "download_pkl": ["batch_params"],
        "search_experiments": ["filter_string", "max_results", "page_token"],
        "execute_run_for_experiment": ["type_model", "experiment_name", "modelpkl_path", "requirements_path", "tags"],
        "search_runs": ["filter_string", "max_results", "page_token", "experiment_name"],
        "create_model": ["modelname", "stage", "run_id", "model_uri", "tags"],
        "transition_model": ["model_name", "version", "stage"],
        "search_models": ["filter_string", "max_results", "page_token"],
    },
    DhuolibPlatformClient: {
        "__init__": ["service_uri", "project_name", "token"],
        "create_batch_project": ["project_name"],
        "deploy_batch_project": ["project_name", "script_filename", "requirements_filename"],
        "pipeline_status_report": ["project_name"],
        "create_cluster": ["project_name", "cluster_size"],
        "batch_run": ["project_name"],
        "schedule_batch_run": ["project_name", "schedule_interval"],
        "remove_schedule": ["project_name"],
    },
    GenericRepository: {
        "__init__": ["db_connection"],
        "create_table_by_dataframe": ["table_name", "df"],
        "update_table_by_dataframe": ["table_name", "dataframe", "if_exists", "is_update_version", "force_replace_delete_itens_in_table"],
        "to_dataframe": ["table_name", "filter_clause", "list_columns", "chunksize"],
    },
    DatabaseConnection: {"__init__": ["config_file_name"], "in_dataflow": [], "session_scope": ["expire"]},
    Auth: {"login": ["user", "pwd"], "is_logged": ["token"]},
}


class OldNames(WithProject):
    url: str
    token: str
    ml: DhuolibExperimentMLClient
    platform: DhuolibPlatformClient

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.url, cls.token = cls.d.connection.url, str(cls.d.connection.token)
        os.environ["DHUO_PROJECT"] = str(cls.d.project)
        cls.ml = DhuolibExperimentMLClient(service_uri=cls.url, token=cls.token)
        cls.platform = DhuolibPlatformClient(service_uri=cls.url, project_name=unique("batch"), token=cls.token)

    @classmethod
    def tearDownClass(cls) -> None:
        del os.environ["DHUO_PROJECT"]
        super().tearDownClass()

    def files(self, script: str = "print('x')") -> "tuple[str, str]":
        requirements = self.folder / "requirements.txt"
        requirements.write_text("")
        return str(self.script(script, "script")), str(requirements)

    def test_signatures(self) -> None:
        """every method of the published library is there, with its arguments in their order"""
        for kind, methods in SIGNATURES.items():
            for name, expected in methods.items():
                given = [each for each in inspect.signature(getattr(kind, name)).parameters if each != "self"]
                self.assertEqual(given[: len(expected)], expected, f"{kind.__name__}.{name}")
        for name in "read_from_bucket execute_select execute_dml create_experiment save_model load_model deploy save_predictions pipeline_status_exec".split():
            self.assertTrue(callable(getattr(Dhuolib, name)), name)

    def test_login(self) -> None:
        """Auth works as a class and as an object, and tells who is logged in and who is not"""
        email = f"{unique('bia')}@example.com"
        self.d.api.create_user(email=email, password="a long enough password")
        before = sessions._Process.client
        try:
            for auth in (Auth, Auth()):
                token = auth.login(email, "a long enough password", self.url)
                self.assertTrue(auth.is_logged(token))
                self.assertTrue(auth.is_logged())
                self.assertFalse(auth.is_logged("123123zcsfsfsdf1"))
            with self.assertRaises(errors.UnauthenticatedError):
                Auth.login(email, "wrong password", self.url)
        finally:
            sessions._Process.client = before

    def test_arguments(self) -> None:
        """what was a ValueError is one"""
        cases = [
            lambda: DhuolibExperimentMLClient("", "t"),
            lambda: DhuolibExperimentMLClient(self.url),
            lambda: DhuolibPlatformClient(token="t"),
            lambda: DhuolibPlatformClient(self.url),
            lambda: DhuolibPlatformClient(self.url, token=self.token).batch_run(),
            lambda: self.platform.create_cluster(cluster_size=4),
            lambda: self.platform.deploy_batch_project(script_filename="", requirements_filename=""),
            lambda: self.ml.execute_run_for_experiment("lightgbm", "", "a", "b"),
            lambda: self.ml.search_runs(),
            lambda: self.ml.create_model("iris", "", "r", "u", {}),
            lambda: self.ml.download_pkl({"modelname": "m", "batch_model_dir": "x"}),
            lambda: validate_name(None),
            lambda: validate_name("abc"),
            lambda: validate_name("a name"),
            lambda: validate_name("50%of"),
        ]
        for case in cases:
            with self.assertRaises(ValueError):
                case()
        self.assertEqual(validate_name("Projeto_Analise_Sentimento"), "projeto_analise_sentimento")

    def test_life_cycle(self) -> None:
        """an experiment, its runs and its models come as dicts with the keys that they had"""
        made = self.ml.create_experiment("Lightgbm-Iris", {"tag": "iris"})
        self.assertEqual(set(made), {"experiment_id", "experiment_name", "lifecycle_stage", "creation_time", "last_update_time", "tags"})
        self.assertEqual((made["experiment_name"], made["lifecycle_stage"], made["tags"]), ("lightgbm-iris", "active", {"tag": "iris"}))
        self.assertEqual(self.ml.create_experiment("lightgbm-iris")["experiment_id"], made["experiment_id"])

        pkl = self.folder / "iris.pkl"
        pkl.write_bytes(pickle.dumps({"weights": [1, 2]}))
        (self.folder / "needs.txt").write_text("lightgbm==4.5.0\n")
        run = self.ml.execute_run_for_experiment("lightgbm", "lightgbm-iris", str(pkl), str(self.folder / "needs.txt"), {"version": "v2"})
        self.assertEqual(set(run), {"run_id", "model_uri"})

        model = self.ml.create_model("Iris-Classification", "Production", run["run_id"], run["model_uri"], {"type_model": "lightgbm"})
        expected = {"model_version": "1", "model_version_name": "iris-classification", "run_id": run["run_id"], "previous_stage": "None", "current_stage": "Production", "status": "READY"}  # fmt: skip
        self.assertEqual({key: model[key] for key in expected}, expected)
        version = self.d.api.get_model_version(self.d.project, "models:/iris-classification/1")
        self.assertEqual((version.requirements, version.model_type, version.run.id), ("lightgbm==4.5.0\n", "lightgbm", run["run_id"]))
        moved = self.ml.transition_model("iris-classification", "1", "Staging")
        self.assertEqual((moved["previous_stage"], moved["current_stage"]), ("Production", "Staging"))

        params = {"modelname": "iris-classification", "stage": "Staging", "experiment_name": "lightgbm-iris", "type_model": "lightgbm", "run_id": "", "batch_model_dir": str(self.folder / "down.pkl")}  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.assertEqual(self.ml.download_pkl(params), {"weights": [1, 2]})
            self.assertEqual(self.ml.download_pkl({**params, "stage": "", "run_id": run["run_id"]}), {"weights": [1, 2]})
            self.assertEqual(Dhuolib.load_model("iris-classification", stage="Staging"), {"weights": [1, 2]})
        self.assertTrue((self.folder / "down.pkl").exists())

        self.assertEqual([each["experiment_name"] for each in self.ml.search_experiments("tags.tag = 'iris'")["experiments"]], ["lightgbm-iris"])
        found = self.ml.search_runs("tags.version LIKE 'v%'", experiment_name="lightgbm-iris")
        self.assertEqual([(each["run_id"], each["tags"]["type_model"], each["status"]) for each in found["runs"]], [(run["run_id"], "lightgbm", "FINISHED")])
        self.assertEqual(len(self.ml.search_runs("*", experiment_name="lightgbm-iris")["runs"]), 1)
        self.assertEqual([each["model_name"] for each in self.ml.search_models("tags.type_model = 'lightgbm'")["models"]], ["iris-classification"])
        self.assertEqual(self.ml.search_models("name = 'iris-classification'", 1)["next_page_token"], "")

    def test_errors(self) -> None:
        """where there was a dict with an error there is an exception of its own"""
        pkl, requirements = self.files()
        with self.assertRaises(errors.NotFoundError):
            self.ml.execute_run_for_experiment("a", "no-such-experiment", pkl, requirements)
        with self.assertRaises(FileNotFoundError):
            self.ml.execute_run_for_experiment("a", "no-such-experiment", "gone.pkl", requirements)
        with self.assertRaises(errors.NotFoundError):
            self.ml.search_runs(experiment_name="no-such-experiment")
        with self.assertRaises(errors.BadUserInputError):
            self.ml.search_experiments("nonsense ~ 1")
        with self.assertRaises(errors.NotFoundError):
            self.ml.transition_model("no-such-model", "1", "Production")
        with self.assertRaises(errors.NotFoundError):
            self.ml.predict_online({"modelname": "no-such-model", "stage": "Production", "data": requirements})
        with self.assertRaises(errors.NotFoundError):
            self.platform.batch_run()
        with self.assertRaises(errors.UnauthenticatedError):
            DhuolibExperimentMLClient(self.url, "wrong").search_experiments()
        sessions._Process.client = self.ml.client

    def test_batch(self) -> None:
        """a batch project is deployed, sized, run, reported and scheduled"""
        platform = DhuolibPlatformClient(self.url, token=self.token)
        name = unique("Lightgbm")
        self.assertEqual(platform.create_batch_project(name)["project_name"], name.lower())
        platform.create_cluster(cluster_size=2)
        deployed = platform.deploy_batch_project(name, *self.files("print('ran')"))
        self.assertEqual((deployed["version"], deployed["status"]), (1, "READY"))
        self.assertEqual(self.d.deployment(name).info.cluster.size, "MEDIUM")
        with self.assertRaisesRegex(ValueError, "already exists"):
            platform.create_batch_project(name)
        with self.assertRaises(errors.PreconditionFailedError):
            platform.pipeline_status_report()
        run = platform.batch_run()
        rows = Dhuolib.pipeline_status_exec(name)
        self.assertEqual([(row["step"], row["status"]) for row in rows][-2:], [("script", "SUCCEEDED"), ("pipeline", "SUCCEEDED")])
        self.assertEqual(platform.pipeline_status_report(), rows)
        self.assertEqual([set(row) for row in rows], [{"date_log", "step", "status"}] * len(rows))
        self.assertEqual(self.d.deployment(name).latest_run.id, run["run_id"])
        # What is deployed anew has not run yet, whatever the version before it did.
        platform.create_cluster(cluster_size=3)
        self.assertEqual(self.d.deployment(name).info.cluster.size, "LARGE")
        for report in (platform.pipeline_status_report, lambda: Dhuolib.pipeline_status_exec(name)):
            with self.assertRaisesRegex(errors.PreconditionFailedError, "version 2, has not been run"):
                report()
        self.assertIn("next_run_at", platform.schedule_batch_run(schedule_interval="*/5 * * * *"))
        self.assertEqual(self.d.deployment(name).info.schedule.cron, "*/5 * * * *")
        platform.remove_schedule()
        self.assertIsNone(self.d.deployment(name).info.schedule)

    def test_waiting(self) -> None:
        """waiting for a run that fails ends with an exception, not never"""
        platform = DhuolibPlatformClient(self.url, unique("fails"), self.token)
        platform.deploy_batch_project("", *self.files("raise SystemExit('broken')"))
        platform.batch_run()
        with self.assertRaises(errors.RunFailed) as caught:
            Dhuolib.pipeline_status_exec(platform.project_name, timeout=30)
        self.assertEqual((caught.exception.step, caught.exception.last_lines), ("script", ["broken"]))
        self.assertEqual(platform.pipeline_status_report()[-1]["status"], "FAILED")

    def test_online(self) -> None:
        """a model that is deployed ONLINE is asked for the rows of a file"""
        self.d.save_model([1], "online-model", stage="PRODUCTION")
        handler = self.script("def load(path): return 1\ndef predict(model, rows): return [row['x'] * 2 if row['name'] else 'nobody' for row in rows]", "predict")
        self.d.deploy(name="online-old", kind="ONLINE", model="models:/online-model/1", steps=[{"script": handler, "kind": "PREDICTION"}]).wait_until_ready()
        data = self.folder / "data.csv"
        data.write_text("x,name\n1,a\n2.5,b\n3,\n")
        self.assertEqual(self.ml.predict_online({"modelname": "online-model", "stage": "Production", "data": str(data)}), {"predictions": [2, 5, "nobody"]})

    def test_connection(self) -> None:
        """the file of a connection says which server, and a password in it is complained of"""
        config = self.folder / "database.json"
        config.write_text(json.dumps({"service_uri": self.url, "token": self.token}))
        self.assertEqual(DatabaseConnection(str(config)).client.connection.url, self.url)
        config.write_text(json.dumps({"connection_string": "oracle+oracledb://ana:secret@db"}))
        with self.assertWarnsRegex(UserWarning, "not used any more"):
            db = DatabaseConnection(config_file_name=config)
        self.assertFalse(db.in_dataflow())
        with self.assertRaises(NotImplementedError):
            db.session_scope()

    def test_which_project(self) -> None:
        """without a project the only one is meant, and where there are several it says so"""
        email = f"{unique('caio')}@example.com"
        self.d.api.create_user(email=email, password="a long enough password")
        alone = Dhuo.login(email, "a long enough password", self.url)
        alone.project = None
        with self.assertRaisesRegex(errors.PreconditionFailedError, "no project"):
            sessions.project_of(alone)
        first = unique("only")
        alone.use(first, create=True)
        alone.project = None
        self.assertEqual(sessions.project_of(alone), first)
        alone.use(unique("second"), create=True)
        alone.project = None
        with self.assertRaisesRegex(errors.PreconditionFailedError, "DHUO_PROJECT"):
            sessions.project_of(alone)

    def test_facade(self) -> None:
        """Dhuolib saves models, runs statements and deploys what a file says"""
        saved = Dhuolib.save_model({"a": 1}, "facade-model", stage="Staging")
        self.assertEqual((saved["model_version"], saved["current_stage"]), ("1", "Staging"))
        self.d.create_dataset("facade", sql="select 1 as n")
        self.assertEqual(Dhuolib().execute_dml("update facade set n = ?", [7]), 1)
        self.assertEqual(list(self.d.select_rows("select n from facade")), [{"n": 7}])
        folder = Path(self.folder, "old-config")
        folder.mkdir()
        (folder / "script.py").write_text("print('deployed')")
        (folder / "deploy.yaml").write_text("name: from-facade\nsteps:\n  - name: script\n    script: ./script.py\n")
        run = Dhuolib.deploy(folder / "deploy.yaml").run()
        self.assertEqual(run.result(30).status, "SUCCEEDED")


if __name__ == "__main__":
    unittest.main()
