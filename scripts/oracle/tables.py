"""Tables as pandas reads, prints and encodes them: writes test/fixtures/tables.json.gz, read by test/data/table-oracle.test.ts.

Made with pandas 1.5.3 (Debian 12: python3-pandas). NaN is null; infinities are strings.
"""
import io
import json
import pathlib
import random

import pandas as pd

from files import write_json_gz

pd.set_option("display.max_columns", 20)
pd.set_option("display.width", 80)
cases = []


def plain(value):
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value).replace("inf", "Infinity")
    return None if pd.isna(value) else value


def columns(frame):
    return [[str(name), str(frame[name].dtype), [plain(v) for v in frame[name].tolist()]] for name in frame.columns]


def statistics(series):
    present = series.dropna()
    counts = present.value_counts()
    out = {"count": int(series.count()), "unique": [plain(v) for v in present.unique().tolist()], "counts": sorted(counts.tolist(), reverse=True)}
    if series.dtype != object:
        out.update({name: plain(float(getattr(series, name)())) for name in ("mean", "std", "min", "max", "median", "sum")})
    return out


def case(name, text, options=None, **keywords):
    frame = pd.read_csv(io.StringIO(text), float_precision="round_trip", **keywords)
    frame.columns = [str(name) for name in frame.columns]
    entry = {
        "name": name, "text": text, "options": options or {}, "columns": columns(frame), "print": str(frame),
        "csv": frame.to_csv(index=False), "series": [str(frame[name]) for name in frame.columns],
        "statistics": [statistics(frame[name]) for name in frame.columns],
    }
    if len(frame) > 0:
        means = {name: frame[name].mean() for name in frame.columns if frame[name].dtype == "float64"}
        entry["filled"] = columns(frame.fillna(means))
        entry["dummies"] = columns(pd.get_dummies(frame, dummy_na=True))
        entry["dummiesWithoutNan"] = columns(pd.get_dummies(frame))
    cases.append(entry)


case("a table with gaps", "NumRooms,Alley,Price\nNA,Pave,127500\n2,NA,106000\n4,NA,178100\nNA,NA,140000\n")
strings = ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
           "NaN", "n/a", "nan", "null", "None", "none", "NAN", "Null", " NA", "na", "N/a"]
case("every spelling of missing", "text,row\n" + "".join(f"{text},{i}\n" for i, text in enumerate(strings)))
case("numbers and every spelling of missing", "x,row\n" + "".join(f"{text},{i}\n" for i, text in enumerate(strings[:18] + ["1.5"])))
case("a quoted NA", 'a,b\n"NA",1\n"x",2\n')
case("whole numbers", "a,b,c,d\n1,+5,-0, 7\n2,-6,0,8 \n300,007,1,\t9\n")
case("whole numbers with a gap", "a,b\n1,2\n,3\n5,4\n")
case("a point makes floats", "a,b,c,d\n1,.5,5.,1e3\n2.5,1,2,1E-3\n-3,-0.25,+7.,-2.5e+2\n")
case("infinities", "a,b\ninf,Infinity\n-inf,-infinity\n1,2\n")
case("what is no number", "a,b,c,d,e\n1_000,0x10,1 2,1e,--1\n2,3,4,5,6\n")
case("truth", "a,b,c,d\nTrue,true,TRUE,True\nFalse,false,FALSE,yes\n")
case("truth with gaps", "a,b\nTrue,1\n,2\nFalse,3\n")
case("truth and numbers", "a,b\nTrue,x\n1,y\n")
case("all missing", "a,b\nNA,1\n,2\n")
case("quotes", 'a,b\n"x, y","he said ""no"""\n"two\nlines",plain\n"","\'"\n')
case("Windows and empty lines", "a,b\r\n\r\n1,x\r\n\r\n2,y\r\n\r\n")
case("no end of the last line", "a,b\n1,x\n2,y")
case("equal names", "a,b,a,a,b\n1,2,3,4,5\n")
case("an empty name", "a,,b,\n1,2,3,4\n")
case("no rows", "a,b\n")
case("one column", "a\nx\nNA\ny\n")
case("a semicolon", "a;b\n1;x,y\n2;z\n", {"separator": ";"}, sep=";")
case("a tab", "a\tb\n1\tx y\n2\tz\n", {"separator": "\t"}, sep="\t")
case("no header", "1,x\n2,y\n", {"header": False}, header=None)
case("given names", "1,x\n2,y\n", {"header": ["n", "t"]}, names=["n", "t"])
case("other missing values", "a,b,c\n-1,?,-1.0\n5,x,2.5\n-1,NA,-1.00\n", {"naValues": ["?", -1]}, na_values=["?", -1])
case("only other missing values", "a,b\n1,NA\n,-\n", {"keepDefaultNa": False, "naValues": "-"}, keep_default_na=False, na_values="-")
case("dtypes asked for", "a,b,c\n007,1,2\n8,0,NA\n", {"columns": {"a": "object", "b": "float64"}}, dtype={"a": object, "b": float})
case("unicode", "ort,größe\nZürich,1.5\n北京,2\n,3\n")
case("long texts", "a,b\n" + "x" * 49 + ",1\n" + "y" * 50 + ",2\n" + "z" * 80 + ",3\n")
case("long names", "a" * 60 + ",b\n1,2\n3,4\n")

rng = random.Random(0)
numbers = {
    "small": lambda: rng.uniform(-1, 1) * 1e-5, "tiny": lambda: rng.uniform(-1, 1) * 1e-9, "unit": lambda: rng.uniform(0, 1),
    "large": lambda: rng.uniform(-1, 1) * 1e7, "huge": lambda: rng.uniform(0, 1) * 1e18, "whole": lambda: float(rng.randrange(-50, 2000)),
    "halves": lambda: rng.randrange(40) / 4, "ties": lambda: rng.randrange(1, 64) / 128, "mixed": lambda: 10 ** rng.uniform(-4, 5),
    "large whole": lambda: float(rng.randrange(10 ** 7, 10 ** 8)),
}
for rows in (1, 3, 17):
    for name, draw in numbers.items():
        values = [repr(draw()) if i == 0 or rng.random() < 0.8 else "" for i in range(rows)]
        case(f"{rows} numbers: {name}", "x,row\n" + "".join(f"{v},{i}\n" for i, v in enumerate(values)))


def random_table(rows, width, choice=("int", "float", "text", "bool", "negative")):
    kinds = [rng.choice(choice) for _ in range(width)]
    make = {
        "int": lambda: str(rng.randrange(1000)), "float": lambda: f"{rng.gauss(0, 30):.3f}", "negative": lambda: str(-rng.randrange(99)),
        "text": lambda: rng.choice(["red", "green", "blue", "a longer one", "Z"]), "bool": lambda: rng.choice(["True", "False"]),
    }
    gaps = [rng.choice([0, 0, 0.2]) for _ in range(width)]
    lines = [",".join(f"{kind}{i}" for i, kind in enumerate(kinds))]
    for _ in range(rows):
        lines.append(",".join("NA" if rng.random() < gap else make[kind]() for kind, gap in zip(kinds, gaps)))
    return "\n".join(lines) + "\n"


for rows, width in [(5, 7), (12, 13), (3, 20), (60, 3), (61, 3), (101, 4), (1, 1), (65, 1)]:
    case(f"{rows} x {width}", random_table(rows, width))
# Where columns are left out, pandas takes the space before a name from the dtype of another column: numbers only have no such mistake.
for rows, width in [(3, 21), (70, 30)]:
    case(f"{rows} x {width}", random_table(rows, width, ("int", "float", "negative")))

concats = []
parts = [
    ("a,b\n1,x\n2,y\n", "a,b\n3,z\n"),
    ("a,b\n1,x\n2,y\n", "b,c\nz,1.5\n"),
    ("a,b\n1,True\n", "a,b\n2.5,False\n"),
    ("a,b\n1,True\n", "a\n2\n"),
    ("a,b\n1,True\n", "a,b\nx,False\n"),
    ("a\n1\n", "a\nNA\n"),
    ("a\nx\n", "a\nNA\n"),
    ("a,b\n1,x\n", "c\n2\n", "b,a\ny,3\n"),
]
for texts in parts:
    frame = pd.concat([pd.read_csv(io.StringIO(text)) for text in texts])
    concats.append({"texts": texts, "columns": columns(frame)})

dummies = []
for text, options, keywords in [
    ("k,n,t\n1,2.0,b\n2,NA,a\n1,2.5,NA\n", {"columns": ["n"]}, {"columns": ["n"]}),
    ("k,n,t\n1,2.0,b\n2,NA,a\n1,2.5,NA\n", {"columns": ["t", "k"], "dummyNa": True}, {"columns": ["t", "k"], "dummy_na": True}),
    ("k,t\n1,b\n2,a\n", {"prefixSep": "="}, {"prefix_sep": "="}),
    ("k,t\nTrue,b\nFalse,a\n", {"columns": ["k"]}, {"columns": ["k"]}),
    ("k\n1\n2\n", {}, {}),
    ("t\nb\na\n", {}, {}),
    ("t,u\nNA,1\nNA,2\n", {"columns": ["t"]}, {"columns": ["t"]}),
    ("t,u\nNA,1\nNA,2\n", {"columns": ["t"], "dummyNa": True}, {"columns": ["t"], "dummy_na": True}),
    ("t,u\nb,1\nB,2\nä,3\na,4\n_,5\n10,6\n9,7\n", {}, {}),
]:
    frame = pd.get_dummies(pd.read_csv(io.StringIO(text)), **keywords)
    dummies.append({"text": text, "options": options, "columns": columns(frame)})

path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/tables.json.gz"
write_json_gz(path, json.loads(json.dumps({"cases": cases, "concats": concats, "dummies": dummies})))
print(f"{len(cases)} cases -> {path}, {path.stat().st_size} bytes")
