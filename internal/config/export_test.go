package config

// Keys lists every key with its variable, and whether it is a list.
func Keys() (names, envs []string) {
	for _, k := range keys {
		names, envs = append(names, k.name), append(envs, k.Env())
	}
	return names, envs
}
