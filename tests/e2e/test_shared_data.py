"""Files that nobody here wrote, loaded by cpi and by PostgreSQL's own COPY, compared row by row."""

import shutil

import pytest

NORTHWIND = ["categories", "customers", "employees", "regions", "shippers", "suppliers", "territories",
             "employee-territories", "products", "orders", "order-details"]


def same_rows(database, left, right):
    """Rows that only one of two tables holds, as text."""
    return database.rows(f'(SELECT t::text FROM {left} t EXCEPT ALL SELECT t::text FROM {right} t) UNION ALL '
                         f'(SELECT t::text FROM {right} t EXCEPT ALL SELECT t::text FROM {left} t)')


def test_ourairports_twice_with_changes_in_between(agent, database, name, shared):
    files = ["airport-frequencies", "countries", "navaids", "regions", "runways"]
    folder = agent.project(name, database, defaults={"primary_key": "id", "types": "infer", "encoding": "utf-8"})
    for file in files:
        shutil.copy(shared / "ourairports" / f"{file}.csv", folder)
    first = agent.run_import(name)
    assert first["status"] == "completed", first
    for file in files:
        table = f'"{file}"'
        database.execute(f"CREATE TABLE peer_{file.replace('-', '_')} (LIKE {table} INCLUDING ALL)")
        database.copy_csv(f"peer_{file.replace('-', '_')}", shared / "ourairports" / f"{file}.csv")
        assert same_rows(database, table, f"peer_{file.replace('-', '_')}") == []

    again = agent.run_import(name)
    assert (again["total_inserted"], again["total_updated"]) == (0, 0)
    assert again["total_skipped"] == first["total_inserted"]

    lines = (folder / "countries.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    lines[1] = lines[1].replace("Andorra", "Andorra la Vella", 1)
    lines.append('999999,"ZY","Newland","EU",,\n')
    (folder / "countries.csv").write_text("".join(lines), encoding="utf-8")
    changed = agent.run_import(name)
    assert (changed["total_inserted"], changed["total_updated"]) == (1, 1), changed
    assert changed["total_skipped"] == first["total_inserted"] - 1
    assert database.value("SELECT name FROM countries WHERE id = 302672") == "Andorra la Vella"


def test_northwind_in_the_order_of_its_foreign_keys(agent, database, name, shared):
    database.execute('CREATE TABLE categories ("categoryID" int PRIMARY KEY, "categoryName" text, description text, picture text)')
    database.execute('CREATE TABLE suppliers ("supplierID" int PRIMARY KEY, "companyName" text)')
    database.execute('CREATE TABLE products ("productID" int PRIMARY KEY, "productName" varchar(40) NOT NULL,'
                     ' "supplierID" int REFERENCES suppliers, "categoryID" int REFERENCES categories,'
                     ' "unitPrice" numeric(10,2), discontinued boolean)')
    database.execute('CREATE TABLE orders ("orderID" int PRIMARY KEY, "customerID" text, "orderDate" timestamp)')
    database.execute('CREATE TABLE "order-details" ("orderID" int REFERENCES orders, "productID" int REFERENCES products,'
                     ' "unitPrice" numeric(10,2), quantity int, discount real, PRIMARY KEY ("orderID", "productID"))')
    # Orders and suppliers hold addresses with a comma that is not quoted; what it shifts lies behind the loaded columns
    # (the name of a supplier with "Ltd." loses its end).
    folder = agent.project(name, database, defaults={"null_if": ["", "NULL"], "new_columns": "ignore"},
                           tables=[{"file_pattern": "orders.csv", "ragged": "cut"},
                                   {"file_pattern": "suppliers.csv", "ragged": "cut"}])
    for file in ["categories", "suppliers", "products", "orders", "order-details"]:
        shutil.copy(shared / "northwind" / f"{file}.csv", folder)
    job = agent.run_import(name)
    assert job["status"] == "completed", job
    assert database.value('SELECT count(*) FROM "order-details"') == 2155
    assert database.value('SELECT count(*) FROM products WHERE discontinued') > 0
    again = agent.run_import(name)
    assert (again["total_inserted"], again["total_updated"], again["total_skipped"]) == (0, 0, job["total_inserted"])


@pytest.mark.parametrize("file, key", [("comic-characters/marvel-wikia-data.csv", "page_id")])
def test_wide_and_messy_files_equal_copy(agent, database, name, shared, file, key):
    folder = agent.project(name, database, defaults={"primary_key": key, "encoding": "utf-8"})
    shutil.copy(shared / "fivethirtyeight" / file, folder / "t.csv")
    job = agent.run_import(name)
    assert job["status"] == "completed", job
    database.execute("CREATE TABLE peer (LIKE t)")
    database.copy_csv("peer", folder / "t.csv")
    assert same_rows(database, "t", "peer") == []
