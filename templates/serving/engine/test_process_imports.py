import json
import socket
import sys

import pytest
from process import FAKE_SERVICE, ROOT, SERVICE, find_port, run, running
