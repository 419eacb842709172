"""The run folder: the only thing that what comes after training reads.

Importing this loads neither numpy nor h5py: listing and comparing runs need JSON alone.
"""

from runner.run_directory.checkpoints import (
    best_checkpoint,
    checkpoint_path,
    forget_shortfalls,
    keep_checkpoint,
    newest_checkpoint,
)
from runner.run_directory.directory import RunDirectory, status_of
from runner.run_directory.figure_file import read_figures, write_figures
from runner.run_directory.files import (
    failure,
    make_folder,
    replace_atomic,
    replace_output,
    write_atomic,
    write_hdf5,
)
from runner.run_directory.history import HistoryWriter, read_history
from runner.run_directory.history_file import History
from runner.run_directory.keys import Described, check_key
from runner.run_directory.lookup import all_runs, find, folders_of, is_pattern, select
from runner.run_directory.record import (
    CompilationRecord,
    DataRecord,
    DeviceRecord,
    GitRecord,
    PluginRecord,
    ResumeRecord,
    RunRecord,
)
from runner.run_directory.samples import read_sample, write_sample
from runner.run_directory.scores import (
    ReferenceScores,
    ScoreFile,
    ScoreRow,
    Sensitivity,
    read_headline,
    read_scores,
    shortfall,
    write_scores,
)
from runner.run_directory.validation import ValidationRow, add_validation, read_validation

__all__ = [
    "CompilationRecord",
    "DataRecord",
    "Described",
    "DeviceRecord",
    "GitRecord",
    "History",
    "HistoryWriter",
    "PluginRecord",
    "ReferenceScores",
    "ResumeRecord",
    "RunDirectory",
    "RunRecord",
    "ScoreFile",
    "ScoreRow",
    "Sensitivity",
    "ValidationRow",
    "add_validation",
    "all_runs",
    "best_checkpoint",
    "check_key",
    "checkpoint_path",
    "failure",
    "find",
    "folders_of",
    "forget_shortfalls",
    "is_pattern",
    "keep_checkpoint",
    "make_folder",
    "newest_checkpoint",
    "read_figures",
    "read_headline",
    "read_history",
    "read_sample",
    "read_scores",
    "read_validation",
    "replace_atomic",
    "replace_output",
    "select",
    "shortfall",
    "status_of",
    "write_atomic",
    "write_figures",
    "write_hdf5",
    "write_sample",
    "write_scores",
]
