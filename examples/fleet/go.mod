module github.com/retrywise/retrywise/examples/fleet

go 1.26.0

require (
	github.com/redis/go-redis/v9 v9.23.0
	github.com/retrywise/retrywise v0.0.0
	github.com/retrywise/retrywise/integrations/redis v0.0.0
	golang.org/x/time v0.16.0
)
