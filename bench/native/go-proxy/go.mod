module llm-platform/bench/go-proxy

go 1.19
