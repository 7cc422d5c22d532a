// What scripts are told by their environment.

/** The setting of that name; the script ends with a hint when there is none. */
function setting(name, example) {
  const value = process.env[name];
  if (value) return value;
  console.error(`error: ${name} is not set\n\nhint: ${name}=${example}`);
  process.exit(1);
}

export const base = setting("BASE_URL", "http://127.0.0.1:3001");
/** Whoever runs the meetings. */
export const host = {
  name: "Ada",
  email: setting("HOST_EMAIL", "ada@example.org"),
  password: setting("HOST_PASSWORD", "'a long password'"),
};
