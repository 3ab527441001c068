"""The parts of a workbook, found and amended as text, so that everything else stays as it was.

An .xlsx file is an archive of XML parts that name each other through relations. A library that loads
and saves it drops what it does not know; here a part that has to change is changed in the place that
has to change, and all others are copied.

Source: ECMA-376 part 2 (packages) and part 1, 18.2 (workbooks).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass

from defusedxml import ElementTree

from bulkload.reports.sheets import RELATIONS, attribute

_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_MAX_PART_BYTES = 64 << 20
_RELATION_NAMESPACES = (RELATIONS, "http://purl.oclc.org/ooxml/officeDocument/relationships")


class UnpatchableWorkbookError(Exception):
    """The workbook is written in a way that is not amended in place; its cells are written anew."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook."""

    position: int
    """Counting from 0, as defined names do."""
    name: str
    path: str


class Package:
    """An opened workbook and the changes to its small parts.

    Raises:
        UnpatchableWorkbookError: No plain .xlsx file, or written in another way than UTF-8 text.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.changed: dict[str, bytes] = {}
        """Parts that differ from the archive's, by path."""
        self._names = set(archive.namelist())
        if len(self._names) != len(archive.namelist()):
            raise UnpatchableWorkbookError("two parts have one name")
        self.workbook_path = self._target("", "officeDocument")
        if _MAIN not in self.text("[Content_Types].xml"):
            raise UnpatchableWorkbookError("it holds macros or is a template")
        self.sheets = self._sheets()

    def text(self, path: str) -> str:
        """Return a small part as text, with the changes made so far.

        Raises:
            UnpatchableWorkbookError: It is missing, too large, or no UTF-8.
        """
        if path not in self.changed:
            if path not in self._names:
                raise UnpatchableWorkbookError(f"the part {path} is missing")
            if self.archive.getinfo(path).file_size > _MAX_PART_BYTES:
                raise UnpatchableWorkbookError(f"the part {path} is too large")
        content = self.changed.get(path) or self.archive.read(path)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UnpatchableWorkbookError(f"the part {path} is no UTF-8") from error
        if "<!DOCTYPE" in text:
            raise UnpatchableWorkbookError(f"the part {path} has a document type")
        return text

    def change(self, path: str, text: str) -> None:
        """Replace a part, or add one."""
        self.changed[path] = text.encode()

    def unused_path(self, path: str) -> str:
        """Return `path`, with a number before the ending if a part is called so."""
        stem, ending = posixpath.splitext(path)
        number = 1
        while (candidate := f"{stem}{number}{ending}") in self._names | set(self.changed):
            number += 1
        return candidate

    def sheet(self, name: str | None) -> Sheet:
        """Return a sheet by its name, without a name the first."""
        for sheet in self.sheets:
            if name is None or sheet.name == name:
                return sheet
        raise UnpatchableWorkbookError(f"there is no sheet {name}")

    def related(self, path: str, kind: str) -> str | None:
        """Return the path of the first part to which `path` has a relation of this kind."""
        try:
            return self._target(path, kind)
        except UnpatchableWorkbookError:
            return None

    def all_related(self, path: str, kind: str) -> list[str]:
        """Return the paths of all parts to which `path` has a relation of this kind."""
        return [target for found, target in self._relations(path).values() if found == kind]

    def relate(self, path: str, kind: str, target: str) -> str:
        """Add a relation from one part to another; return its id."""
        relations = relations_path(path)
        if relations in self.changed or relations in self._names:
            text = self.text(relations)
        else:
            text = (
                '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns='
                '"http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
            )
        used = set(re.findall(r'\bId="([^"]*)"', text))
        number = 1
        while (relation := f"rIdBulkload{number}") in used:
            number += 1
        entry = f'<Relationship Id="{relation}" Type="{RELATIONS}/{kind}" Target="/{attribute(target)}"/>'
        self.change(relations, appended(text, "Relationships", entry))
        return relation

    def declare(self, path: str, content_type: str) -> None:
        """Name the content type of an added part."""
        types = self.text("[Content_Types].xml")
        entry = f'<Override PartName="/{attribute(path)}" ContentType="{content_type}"/>'
        self.change("[Content_Types].xml", appended(types, "Types", entry))

    def declare_ending(self, ending: str, content_type: str) -> None:
        """Name the content type of all parts with an ending, unless it has one."""
        types = self.text("[Content_Types].xml")
        if not re.search(rf'Extension="{ending}"', types, re.IGNORECASE):
            entry = f'<Default Extension="{ending}" ContentType="{content_type}"/>'
            changed, found = re.subn(r"(<(?:\w+:)?Types\b[^>]*>)", rf"\g<1>{entry}", types, count=1)
            if not found:
                raise UnpatchableWorkbookError("the content types cannot be read")
            self.change("[Content_Types].xml", changed)

    def _sheets(self) -> list[Sheet]:
        relations = self._relations(self.workbook_path)
        found: list[Sheet] = []
        for element in self._parsed(self.workbook_path).iter():
            if element.tag.rpartition("}")[2] == "sheet":
                relation = next(
                    (
                        element.get(f"{{{space}}}id")
                        for space in _RELATION_NAMESPACES
                        if element.get(f"{{{space}}}id")
                    ),
                    None,
                )
                target = relations.get(relation or "", ("", ""))[1]
                found.append(Sheet(len(found), element.get("name") or "", target))
        return found

    def _target(self, path: str, kind: str) -> str:
        for found, target in self._relations(path).values():
            if found == kind and target in self._names | set(self.changed):
                return target
        raise UnpatchableWorkbookError(f"{path or 'the archive'} names no {kind}")

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        relations = relations_path(path)
        if relations not in self._names and relations not in self.changed:
            return {}
        folder = posixpath.dirname(path)
        return {
            entry.get("Id", ""): (
                entry.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, entry.get("Target", ""))).lstrip(
                    "/"
                ),
            )
            for entry in self._parsed(relations)
            if entry.get("TargetMode") != "External"
        }

    def _parsed(self, path: str) -> ElementTree.Element:
        try:
            return ElementTree.fromstring(self.text(path))
        except ElementTree.ParseError as error:
            raise UnpatchableWorkbookError(f"the part {path} is no XML") from error


def relations_path(path: str) -> str:
    """Return the path of the part that holds the relations of `path`; "" is the archive itself."""
    folder, name = posixpath.split(path)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def appended(text: str, element: str, content: str) -> str:
    """Return an XML text with `content` as the last child of the (first closed) element."""
    closing = re.search(rf"</(?:[\w.-]+:)?{element}\s*>", text)
    if closing is not None:
        return text[: closing.start()] + content + text[closing.start() :]
    alone = re.search(rf"<((?:[\w.-]+:)?{element})\b([^>]*)/>", text)
    if alone is None:
        raise UnpatchableWorkbookError(f"the element {element} is missing")
    opened = f"<{alone[1]}{alone[2]}>{content}</{alone[1]}>"
    return text[: alone.start()] + opened + text[alone.end() :]
