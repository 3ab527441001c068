"""LibreOffice as a person uses it: open a workbook, change cells, sort, delete rows, save."""

import os
import shutil
import subprocess
from pathlib import Path

SOFFICE = shutil.which("soffice")

_MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Work" script:language="StarBasic">{code}</script:module>
"""
_LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false" library:passwordprotected="false">{modules}</library:library>
"""
_CODE = """
Sub Main
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  document = StarDesktop.loadComponentFromURL("{source}", "_blank", 0, hidden())
  sheet = document.Sheets.getByName("{sheet}")
{steps}
  Dim kind(0) As New com.sun.star.beans.PropertyValue
  kind(0).Name = "FilterName"
  kind(0).Value = "Calc MS Excel 2007 XML"
  document.storeToURL("{target}", kind())
  document.close(True)
End Sub
"""


class Desk:
    """One profile of LibreOffice and what is done in it."""

    def __init__(self, folder: Path) -> None:
        self._profile = folder / "profile"

    def edit(self, source: Path, target: Path, sheet: str, steps: list[str]) -> None:
        """Open a workbook, take the steps on one of its sheets, save it under another name."""
        code = _CODE.format(
            source=source.as_uri(),
            target=target.as_uri(),
            sheet=sheet.replace('"', '""'),
            steps="\n".join(f"  {step}" for step in steps),
        )
        escaped = code.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
        standard = self._profile / "user" / "basic" / "Standard"
        if not standard.exists():
            # The first start lays out the profile, over anything that is there before it.
            self._run("--terminate_after_init")
        (standard / "Work.xba").write_text(_MODULE.format(code=escaped), "utf-8")
        (standard / "script.xlb").write_text(
            _LIBRARY.format(modules='<library:element library:name="Work"/>'), "utf-8"
        )
        self._run("macro:///Standard.Work.Main")
        assert target.exists(), "LibreOffice saved nothing"

    def _run(self, *arguments: str) -> None:
        assert SOFFICE is not None
        profile = f"-env:UserInstallation={self._profile.as_uri()}"
        command = [SOFFICE, profile, "--headless", "--norestore", "--nolockcheck", *arguments]
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            timeout=100,
            env={**os.environ, "HOME": str(self._profile.parent)},
        )


def write(cell: str, text: str) -> str:
    """The step that types a text into a cell."""
    return f'sheet.getCellRangeByName("{cell}").setString("{text}")'


def sort(area: str, column: int) -> list[str]:
    """The steps that sort an area with a header row by one of its columns, counted from 0."""
    return [
        "Dim field(0) As New com.sun.star.table.TableSortField",
        f"field(0).Field = {column}",
        "field(0).IsAscending = False",
        "Dim how(1) As New com.sun.star.beans.PropertyValue",
        'how(0).Name = "SortFields"',
        "how(0).Value = field()",
        'how(1).Name = "ContainsHeader"',
        "how(1).Value = True",
        f'sheet.getCellRangeByName("{area}").sort(how())',
    ]


def delete_row(number: int) -> str:
    """The step that deletes a row."""
    return f"sheet.Rows.removeByIndex({number - 1}, 1)"
