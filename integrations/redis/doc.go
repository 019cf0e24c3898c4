// Package retrywiseredis has the processes of a fleet share limits, pauses, outages, the budget of
// retries and rights to renew on a server of Redis (6.2 and later) or Valkey. New makes a
// traffic.Store of a client of the server, and traffic.NewFleet what a client.Config takes, as in the
// example.
//
// Passwords, TLS, Sentinel and Cluster are up to the client of the server. A user of the server
// needs the commands EVAL, EVALSHA, GET, SET and TIME, and the keys with Options.Prefix.
//
// # On the server
//
// One script decides an Exchange in one step, by the server's clock: those of processes do not
// matter. There is a key for each account, each of its limits and each of its outages, all in one
// slot of a Cluster. Keys have hashed names, and neither they nor what they contain shows a
// credential or a record. They end by themselves: a process counts for 10 s, a limit until a
// minute after its pause, window or rate has passed, an outage and the budget for an hour.
//
// A limit whose key is lost, as the server was flushed or started again without its data, begins
// empty: no burst is granted twice, but units that were granted for the next 100 ms may be. Pauses
// and outages are then unknown until a process meets them again. A server that evicts keys
// (maxmemory-policy) loses them in the same way, so it should not, or have memory enough: some
// hundred bytes for each limit in use. A replica that becomes the primary, of Sentinel or a Cluster,
// has forgotten what it was not sent.
//
// # Errors
//
// New fails if the server cannot be used: a process that is to start without it has to call New
// again. Later, a server that is gone, frozen, full (OOM), loading or read-only fails an Exchange,
// and a traffic.Fleet goes on with its share of the limits. An Exchange that failed is not repeated,
// as it may have been executed. After a timeout it may have been: units that were granted to
// nobody are lost.
//
// While the processes change to their shares, some may use units that were granted for the next
// 100 ms, and each share has a burst, of one request at least. Once the server works, each process
// keeps to its share until the others know that as well; then a server that has kept its data grants a
// burst again. For all of that, a limit of 200 requests per second with a burst of 10 is exceeded by
// 40 requests at most. A process that alone does not reach the server uses its share beside what the
// others use.
//
// # Other clients
//
// A Client has one method. This is one for rueidis:
//
//	type rueidisClient struct{ rueidis.Client }
//
//	func (c rueidisClient) Eval(ctx context.Context, script string, keys, args []string) (any, error) {
//		return rueidis.NewLuaScript(script).Exec(ctx, c.Client, keys, args).ToAny()
//	}
//
// And this is one for valkey-go:
//
//	type valkeyClient struct{ valkey.Client }
//
//	func (c valkeyClient) Eval(ctx context.Context, script string, keys, args []string) (any, error) {
//		return valkey.NewLuaScript(script).Exec(ctx, c.Client, keys, args).ToAny()
//	}
//
// Neither repeats a script that may have run, as long as it is not made retryable.
package retrywiseredis
