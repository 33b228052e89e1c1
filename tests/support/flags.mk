# Compiler settings of everything but the PGXS module. BUILD, SANITIZE and WERROR may be given on the command line; V=1
# shows the whole commands.
Q := $(if $(V),,@)
ROOT    := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
BUILD   ?= $(ROOT)/build
CXX     ?= g++
VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" $(ROOT)/control/cpi.control)

override CPPFLAGS += -I$(ROOT)/extension -MMD -MP -DCPI_SOURCE_DIR='"$(ROOT)"' -DCPI_VERSION='"$(VERSION)"'
CXXFLAGS ?= -O2 -g1
override CXXFLAGS += -std=c++20 -Wall -Wextra -Wpedantic
LDFLAGS  ?=
ifdef SANITIZE
override CXXFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
endif
ifdef WERROR
override CXXFLAGS += -Werror
endif
