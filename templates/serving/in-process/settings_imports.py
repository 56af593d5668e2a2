
from service.cgroup import count_cpus
