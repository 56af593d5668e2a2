import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from test_shutdown import running

from service import cgroup
