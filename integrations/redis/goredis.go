package retrywiseredis

import (
	"context"
	"crypto/sha1" // EVALSHA names scripts by it
	"encoding/hex"
	"errors"

	"github.com/redis/go-redis/v9"
)

// GoRedis returns a Client on a client of go-redis: for one server, Sentinel or a Cluster.
// ContextTimeoutEnabled has to be set in its options, as without it go-redis waits for a server
// longer than it was asked to; New fails if it is not. MaxRetries is not used.
func GoRedis(client redis.UniversalClient) Client { return goRedis{client} }

type goRedis struct{ client redis.UniversalClient }

var errNoContextTimeout = errors.New("retrywiseredis: go-redis ignores the deadlines of contexts: set ContextTimeoutEnabled in its options")

// Eval implements Client.
func (c goRedis) Eval(ctx context.Context, script string, keys, args []string) (any, error) {
	if !c.endsWithContext() {
		return nil, errNoContextTimeout
	}
	sum := sha1.Sum([]byte(script))
	reply, err := c.run(ctx, "evalsha", hex.EncodeToString(sum[:]), keys, args)
	if redis.HasErrorPrefix(err, "NOSCRIPT") { // so nothing was executed
		return c.run(ctx, "eval", script, keys, args)
	}
	return reply, err
}

func (c goRedis) run(ctx context.Context, name, script string, keys, args []string) (any, error) {
	words := append(make([]any, 0, 3+len(keys)+len(args)), name, script, len(keys))
	for _, key := range keys {
		words = append(words, key)
	}
	for _, arg := range args {
		words = append(words, arg)
	}
	cmd := once{redis.NewCmd(ctx, words...)}
	cmd.SetFirstKeyPos(3)
	if err := c.client.Process(ctx, cmd); err != nil {
		c.reload(ctx, err)
		return nil, err
	}
	return cmd.Result()
}

// reload has a client of a Cluster find out which node has the keys now, after an error of the one
// that had them. By itself, it does that for a command that it repeats, and once a minute.
func (c goRedis) reload(ctx context.Context, err error) {
	cluster, isCluster := c.client.(*redis.ClusterClient)
	if _, isReply := errors.AsType[redis.Error](err); isCluster && !isReply {
		cluster.ReloadState(ctx)
	}
}

// once is a command that go-redis does not repeat: after an error it may have been executed.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }

// endsWithContext reports whether a command ends when its context does.
func (c goRedis) endsWithContext() bool {
	switch client := c.client.(type) {
	case *redis.Client:
		return client.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return client.Options().ContextTimeoutEnabled
	case *redis.Ring:
		return client.Options().ContextTimeoutEnabled
	default: // a wrapper of the caller's, which cannot be asked
		return true
	}
}
