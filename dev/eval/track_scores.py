"""MOTA, IDF1, HOTA and ID switches by TrackEval, of the files in a folder; writes them as JSON.

FOLDER/truth/SEQUENCE/gt/gt.txt; FOLDER/trackers/TRACKER/data/SEQUENCE.txt; standard input: {SEQUENCE: frames}
"""

import contextlib
import json
import sys

import trackeval


def quiet(defaults, **given):
    return {**defaults, "PRINT_CONFIG": False, **given}


def main():
    folder = sys.argv[1]
    # It reports to standard output, which is ours.
    with contextlib.redirect_stdout(sys.stderr):
        data = trackeval.datasets.MotChallenge2DBox(
            quiet(
                trackeval.datasets.MotChallenge2DBox.get_default_dataset_config(),
                GT_FOLDER=f"{folder}/truth",
                TRACKERS_FOLDER=f"{folder}/trackers",
                BENCHMARK="MOT15",
                SKIP_SPLIT_FOL=True,
                SEQ_INFO=json.load(sys.stdin),
            )
        )
        evaluator = trackeval.Evaluator(
            quiet(
                trackeval.Evaluator.get_default_eval_config(),
                PRINT_RESULTS=False,
                TIME_PROGRESS=False,
                OUTPUT_SUMMARY=False,
                OUTPUT_DETAILED=False,
                PLOT_CURVES=False,
                LOG_ON_ERROR=None,
            )
        )
        metrics = [
            trackeval.metrics.HOTA(),
            trackeval.metrics.CLEAR({"THRESHOLD": 0.5, "PRINT_CONFIG": False}),
            trackeval.metrics.Identity({"THRESHOLD": 0.5, "PRINT_CONFIG": False}),
        ]
        results, _ = evaluator.evaluate([data], metrics)
    scores = {
        tracker: {
            sequence: {
                "mota": float(of["pedestrian"]["CLEAR"]["MOTA"]),
                "idf1": float(of["pedestrian"]["Identity"]["IDF1"]),
                "hota": float(of["pedestrian"]["HOTA"]["HOTA"].mean()),
                "switches": int(of["pedestrian"]["CLEAR"]["IDSW"]),
            }
            for sequence, of in sequences.items()
            if sequence != "COMBINED_SEQ"
        }
        for tracker, sequences in results[data.get_name()].items()
    }
    json.dump(scores, sys.stdout)


main()
