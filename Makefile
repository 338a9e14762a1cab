# Every command of the project; `make help` lists them. Nothing needs to be there before but git and make.
SHELL := /bin/sh
PYTHON ?= python3
LOCAL := $(PYTHON) -m deploy.local

.PHONY: setup up down status

setup: ## install all that the stack needs (root or sudo)
	@$(LOCAL) setup

up: setup ## bring the stack to health
	@$(LOCAL) up

down: ## end every process of the stack
	@$(LOCAL) down

status: ## a table of processes
	@$(LOCAL) status
