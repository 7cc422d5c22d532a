// Opens Swagger UI on our own description; `validatorUrl: null` keeps it from asking another host about it.
"use strict";

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
