"""`gateway exercise`: what is shipped, what is refused, and a trainee at the ordinary commands."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.resources import schemas_path
from tests.exercise.room import SCENARIO
from tests.scenario.process import GATEWAY, environment, run
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
