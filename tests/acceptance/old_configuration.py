"""A configuration repository as upstream's were: its layout, its Ansible, its old syntax.

What it installs is one program for all services, behind port 80, where upstream has nginx.
"""

FILES = {
    "requirements.txt": "ansible==2.9.27\njinja2==2.8\n",
    "playbooks/ansible.cfg": """
[defaults]
jinja2_extensions=jinja2.ext.do
host_key_checking=False
roles_path=roles
""",
    # Later Ansible knows no `include` any more.
    "playbooks/openedx_native.yml": "- include: edx_sandbox.yml\n",
    "playbooks/edx_sandbox.yml": """
- name: Configure instance(s)
  hosts: all
  become: True
  gather_facts: True
  vars:
    migrate_db: "yes"
    EDXAPP_PLATFORM_NAME: the play's own
  roles:
    - role: edxapp
      tags: [edxapp]
""",
    "playbooks/roles/common/defaults/main.yml": """
COMMON_BASE_DIR: /edx
COMMON_APP_DIR: "{{ COMMON_BASE_DIR }}/app"
COMMON_CFG_DIR: "{{ COMMON_BASE_DIR }}/etc"
""",
    "playbooks/roles/common/tasks/main.yml": """
- name: Create common directories
  file: path={{ item }} state=directory owner=root mode=0755
  with_items:
    - "{{ COMMON_APP_DIR }}"
    - "{{ COMMON_CFG_DIR }}"
""",
    "playbooks/roles/edxapp/meta/main.yml": "dependencies:\n  - common\n",
    "playbooks/roles/edxapp/defaults/main.yml": """
EDXAPP_LMS_BASE: ""
EDXAPP_CMS_BASE: ""
EDXAPP_LMS_NGINX_PORT: 18000
edxapp_app_dir: "{{ COMMON_APP_DIR }}/edxapp"
edxapp_user: edxapp
""",
    "playbooks/roles/edxapp/tasks/main.yml": """
- name: create application user
  user: name={{ edxapp_user }} home={{ edxapp_app_dir }} createhome=yes shell=/bin/false
- include: deploy.yml
  when: "'openedx_app' in group_names"
""",
    "playbooks/roles/edxapp/tasks/deploy.yml": """
- name: show what nobody may see
  debug: msg="the key is {{ EDXAPP_EDXAPP_SECRET_KEY }}"
- name: write the services
  template: src={{ item.src }} dest={{ item.dest }} mode=0644
  with_items:
    - { src: services.py.j2, dest: "{{ edxapp_app_dir }}/services.py" }
    - { src: edxapp.service.j2, dest: /etc/systemd/system/edxapp.service }
  notify: restart edxapp
- name: start the services
  systemd: name=edxapp state=started enabled=yes daemon_reload=yes
""",
    "playbooks/roles/edxapp/handlers/main.yml": """
- name: restart edxapp
  service: name=edxapp state=restarted
""",
    "playbooks/roles/edxapp/templates/edxapp.service.j2": """
[Service]
ExecStart=/usr/bin/python3 {{ edxapp_app_dir }}/services.py
User={{ edxapp_user }}
AmbientCapabilities=CAP_NET_BIND_SERVICE
[Install]
WantedBy=multi-user.target
""",
    "playbooks/roles/edxapp/templates/services.py.j2": """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
{% set names = [] %}{% do names.extend([EDXAPP_LMS_BASE, EDXAPP_CMS_BASE]) %}

PAGE = '''{{ EDXAPP_PLATFORM_NAME }}, release <strong>{{ edx_platform_version }}</strong>,
Ansible {{ ansible_version.full }} on {{ ansible_distribution }}'''

HEARTBEAT = b'{"sql": {"status": true, "message": "OK"}}'

class Services(BaseHTTPRequestHandler):
    def do_GET(self):
        is_asked = self.path.startswith("/heartbeat")
        self.send_response(200 if self.headers["Host"] in {{ names }} else 404)
        self.send_header("Content-Type", "application/json" if is_asked else "text/html")
        self.end_headers()
        self.wfile.write(HEARTBEAT if is_asked else PAGE.encode())

ThreadingHTTPServer(("", {{ EDXAPP_LMS_NGINX_PORT }}), Services).serve_forever()
""",
}
