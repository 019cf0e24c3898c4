package retrywiseredis_test

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
	"github.com/retrywise/retrywise/client"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/traffic"
)

func Example() {
	rdb := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:                 []string{"127.0.0.1:6379"},
		ContextTimeoutEnabled: true,
	})
	defer func() { _ = rdb.Close() }()
	store, err := retrywiseredis.New(context.Background(), retrywiseredis.GoRedis(rdb), retrywiseredis.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fleet := traffic.NewFleet(store, traffic.FleetOptions{})
	defer func() { _ = fleet.Close() }() // after the client
	c, err := client.New(client.Config{BaseURL: "https://api.example.com", Traffic: fleet})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = c.Close() }()
}
