import json
import socket
import sys
from pathlib import Path

import pytest
from process import FAKE_SERVICE, ROOT, SERVICE, run, running

from service import cgroup
