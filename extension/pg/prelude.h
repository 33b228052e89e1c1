// The server's headers. The only file that includes postgres.h: include it last, after standard and core headers,
// because the server's headers redefine the printf family and claim names such as Min, Max, ERROR and LOG.
#pragma once

#ifndef CPI_SERVER_MODULE
#error "pg/ and entry/ are compiled by extension/Makefile only: the agent and core know nothing of the server"
#endif

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wsign-compare"
extern "C" {
// clang-format off
#include "postgres.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/uuid.h"
// clang-format on
}
#pragma GCC diagnostic pop
