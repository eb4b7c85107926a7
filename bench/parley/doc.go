// Package parley starts a Parley server for a load generator: a process of its
// own in a folder of its own, with as many accounts as are needed and no limits
// of rate. Stop removes all of it.
package parley
