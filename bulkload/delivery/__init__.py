"""Payloads become results, safely: never lost, never twice.

upload()      the way of all payloads of a run             uploader
customers()   all customers of a program, page by page     paging
Journal       the durable record of intents and answers    journal
Rate          `20/s`                                       pacing
"""

from bulkload.delivery.clock import Clock, SystemClock
from bulkload.delivery.credentials import Credentials
from bulkload.delivery.journal import Journal
from bulkload.delivery.options import DeliveryOptions, OnUnknown, Tick, Watcher
from bulkload.delivery.pacing import Gcra, Rate
from bulkload.delivery.run_journal import RunJournal
from bulkload.delivery.stopping import Stop
from bulkload.delivery.uploader import customers, upload

__all__ = [
    "Clock",
    "Credentials",
    "DeliveryOptions",
    "Gcra",
    "Journal",
    "OnUnknown",
    "Rate",
    "RunJournal",
    "Stop",
    "SystemClock",
    "Tick",
    "Watcher",
    "customers",
    "upload",
]
