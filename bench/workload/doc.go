// Package workload is what a load generator can do to a server, and what it
// finds out by it.
//
// A workload logs users in, loads the server, checks every single delivery (it
// came once, in order, from the right sender) and measures what the server
// spent. Anything that is not as it must be ends it with an error.
//
// A new workload is a file with a Run function and a line in All.
package workload
