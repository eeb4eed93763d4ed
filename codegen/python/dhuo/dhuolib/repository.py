"""`DatabaseConnection` and `GenericRepository` of DHuOlib: tables through the server, with pandas and without a driver."""

from __future__ import annotations

import json
import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Union

from ..client import Dhuo
from ..errors import BadUserInputError, NotFoundError
from .session import current_client, open_client, predicting_model, project_of

if TYPE_CHECKING:
    import pandas


class DatabaseConnection:
    """
    Args:
        config_file_name: JSON with `service_uri`, `token` and perhaps `project`. Not needed after `Auth.login`, nor where DHUO_URL
            and DHUO_ACCESS_KEY are set, as they are inside a step of a pipeline.
    """

    def __init__(self, config_file_name: Union[str, Path, None] = None) -> None:
        given: Dict[str, Any] = {}
        if config_file_name and not self.in_dataflow():
            given = json.loads(Path(config_file_name).read_text("utf-8"))
        if "connection_string" in given:
            warnings.warn(
                f"{config_file_name}: connection_string is not used any more. Delete it: it holds a password.", UserWarning, stacklevel=2
            )
        if given.get("service_uri") or given.get("token") or given.get("project"):
            self.client: Dhuo = open_client(given.get("service_uri"), given.get("token"), given.get("project"))
        else:
            self.client = current_client()

    def in_dataflow(self) -> bool:
        """Whether this is a step of a pipeline."""
        return bool(os.environ.get("DHUO_PIPELINE_RUN"))

    def session_scope(self, expire: bool = False) -> Any:
        """There are no sessions of SQLAlchemy any more. Raises NotImplementedError."""
        raise NotImplementedError("One statement is one transaction: Dhuolib.execute_select and Dhuolib.execute_dml run them.")


class GenericRepository:
    """Tables of the project as DataFrames."""

    def __init__(self, db_connection: DatabaseConnection) -> None:
        self.db = db_connection

    def create_table_by_dataframe(self, table_name: str, df: pandas.DataFrame) -> Union[Dict[str, Any], str]:
        """
        Makes a table of a DataFrame, with the types that its columns have.

        Returns:
            `{"number_lines_inserted", "table_name"}`; a text when the table is there already, and then nothing is done.
        """
        if not table_name or df.empty:
            raise ValueError("table_name or data is required")
        client = self.db.client
        if client.api.get_dataset(project_of(client), table_name_of(table_name)) is not None:
            return f"A tabela {table_name} já existe. Utilize o método update_table_by_dataframe para atualizar a tabela."
        made = client.create_dataset(table_name_of(table_name), df, project=project_of(client))
        return {"number_lines_inserted": made.row_count, "table_name": table_name}

    def update_table_by_dataframe(
        self,
        table_name: str,
        dataframe: pandas.DataFrame,
        if_exists: str = "append",
        is_update_version: bool = False,
        force_replace_delete_itens_in_table: bool = False,
        model: Optional[str] = None,
    ) -> None:
        """
        Adds rows to a table, or puts them in place of those that are there, in one step.

        Args:
            is_update_version: the rows are predictions: VERSION and CREATED_AT are added, and no two writers get the same VERSION.
            force_replace_delete_itens_in_table: must be True for `replace`. (It used to ask on the terminal, and a job waited for ever.)
            model: what predicted; default: what was loaded last, else the model of the deployment.

        Raises:
            BadUserInputError: `replace` without being told so twice, or rows that do not fit the table.
        """
        if if_exists not in ("replace", "append"):
            raise ValueError("if_exists must be 'append' or 'replace'")
        if not table_name or dataframe.empty:
            raise ValueError("table_name, dataframe are required")
        client, name = self.db.client, table_name_of(table_name)
        project = project_of(client)
        if if_exists == "replace":
            if not force_replace_delete_itens_in_table:
                raise BadUserInputError(
                    f"This deletes all rows of {table_name}: say force_replace_delete_itens_in_table=True if that is meant.",
                    field="force_replace_delete_itens_in_table",
                )
            if is_update_version:
                raise BadUserInputError("Versions add up: is_update_version goes with if_exists='append'.", field="is_update_version")
            client.create_dataset(name, dataframe, mode="REPLACE", project=project)
        elif is_update_version:
            # What the table adds itself may be left over from the old way.
            added = [column for column in dataframe.columns if str(column).lower() in ("version", "created_at")]
            client.save_predictions(name, dataframe.drop(columns=added), model=predicting_model(model), project=project)
        else:
            try:
                client.create_dataset(name, dataframe, mode="APPEND", project=project)
            except NotFoundError:
                client.create_dataset(name, dataframe, project=project)

    def to_dataframe(
        self,
        table_name: Optional[str] = None,
        filter_clause: Optional[str] = None,
        list_columns: Optional[List[str]] = None,
        chunksize: int = 10_000,
    ) -> pandas.DataFrame:
        """
        Rows of a table.

        Args:
            filter_clause: what would stand behind WHERE. Only reading is possible, and only in the project.
            list_columns: what would stand behind SELECT; all columns without it.
            chunksize: means nothing any more: results come as one stream.
        """
        if not table_name:
            raise ValueError("table_name and list_columns are required")
        columns = ", ".join(list_columns) if list_columns else "*"
        where = f" WHERE {filter_clause}" if filter_clause else ""
        client = self.db.client
        return client.select(f"SELECT {columns} FROM {table_name_of(table_name)}{where}", project=project_of(client))


def table_name_of(name: str) -> str:
    """Names are lower-case. Raises BadUserInputError for what is no name."""
    lower = name.strip().lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", lower):
        raise BadUserInputError(f"{name!r} is no name of a table: letters, digits and _, beginning with a letter.", field="table_name")
    return lower
