"""The number of threads of every program in Python."""
import os

import torch


def set_threads():
    """As many as TORCH_THREADS asks for, by default one per core; PyTorch's own default may be less."""
    torch.set_num_threads(int(os.environ.get("TORCH_THREADS", os.cpu_count())))
